package io.github.ptq4vm.artifact;

/**
 * An artifact that was read, every digest checked.
 *
 * @param manifest what {@code model.json} says
 * @param content what it is made of
 */
public record Artifact(Manifest manifest, ArtifactContent content) {}
