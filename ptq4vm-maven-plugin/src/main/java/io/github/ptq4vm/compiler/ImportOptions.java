package io.github.ptq4vm.compiler;

import org.jspecify.annotations.Nullable;

/**
 * What somebody who imports a checkpoint has to say, because tensors cannot.
 *
 * @param architecture {@link #AUTO}, or a family's name
 * @param imageSize size of the network's input
 * @param stride distance of patches in pixels, or null for what the token count implies
 * @param scanDirections the scan directions of each block, or the name of a table of them; null for
 *     those a released model of that size has
 * @param interpolatePositions whether a table of positions that was trained for another size is
 *     resized to {@code imageSize}; otherwise that size is an error
 */
public record ImportOptions(
    String architecture,
    ImageSize imageSize,
    @Nullable Integer stride,
    @Nullable String scanDirections,
    boolean interpolatePositions) {

  /** The architecture that stands for recognising the family by the tensors. */
  public static final String AUTO = "auto";

  /** A square input, and all else as the tensors say. */
  public static ImportOptions of(int side) {
    return of(ImageSize.square(side));
  }

  /** An input of a size, and all else as the tensors say. */
  public static ImportOptions of(ImageSize imageSize) {
    return new ImportOptions(AUTO, imageSize, null, null, false);
  }

  /** The same with another architecture. */
  public ImportOptions withArchitecture(String other) {
    return new ImportOptions(other, imageSize, stride, scanDirections, interpolatePositions);
  }

  /** The same with another stride. */
  public ImportOptions withStride(@Nullable Integer other) {
    return new ImportOptions(architecture, imageSize, other, scanDirections, interpolatePositions);
  }

  /** The same with other scan directions. */
  public ImportOptions withScanDirections(@Nullable String other) {
    return new ImportOptions(architecture, imageSize, stride, other, interpolatePositions);
  }

  /** The same with resized positions or without. */
  public ImportOptions withInterpolatedPositions(boolean interpolated) {
    return new ImportOptions(architecture, imageSize, stride, scanDirections, interpolated);
  }
}
