package io.github.ptq4vm;

/**
 * A class and how probable it is.
 *
 * @param index index of the class, which is that of its logit
 * @param label the class's label, or the index in decimal if the model has no labels
 * @param probability softmax of the logits, from 0 to 1
 */
public record Prediction(int index, String label, float probability) {}
