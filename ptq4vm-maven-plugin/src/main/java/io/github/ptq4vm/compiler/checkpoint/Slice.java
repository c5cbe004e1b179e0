package io.github.ptq4vm.compiler.checkpoint;

/**
 * A kind of tensor that holds one part for each scan direction; the network has a parameter a part,
 * called like the tensor and the direction's number.
 *
 * @param leaf last component of the tensor's key, e.g. {@code A_logs}
 * @param stacked whether directions are numbered by a first dimension of their own; otherwise their
 *     rows follow each other
 */
record Slice(String leaf, boolean stacked) {}
