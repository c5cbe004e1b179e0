package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.ImportOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Square patches on an image and the tokens they make: {@code floor((side - patch) / stride) + 1}
 * along each side, and perhaps a class token. A checkpoint states the patch and the tokens of the
 * square image it was trained with; image size and stride have to agree with them, or the positions
 * have to be resized.
 */
final class PatchGrid {
  /** Side of the image in published models, for which a stride is implied when sizes differ. */
  private static final ImageSize PUBLISHED = ImageSize.square(224);

  private final String source;
  private final int patch;
  private final int side;
  private final boolean classToken;

  /**
   * A grid of patches.
   *
   * @param stride distance of patches in pixels
   * @param height patches in a column
   * @param width patches in a row
   * @param trained side of the grid the positions were trained for
   */
  record Fit(int stride, int height, int width, int trained) {
    /** Whether the positions have to be resized. */
    boolean isResized() {
      return height != trained || width != trained;
    }

    /** What the user should know about it. */
    List<String> notes() {
      return isResized()
          ? List.of(
              "The positions were trained for %d x %d patches and are resized to %d x %d of stride %d."
                  .formatted(trained, trained, height, width, stride))
          : List.of();
    }
  }

  /**
   * Checks that the token count is that of a square grid.
   *
   * @param source the file, for messages
   * @param tokens tokens of the checkpoint, class token included
   * @param classToken whether one of them is a class token
   */
  PatchGrid(String source, int patch, int tokens, boolean classToken) {
    this.source = source;
    this.patch = patch;
    this.classToken = classToken;
    int patches = classToken ? tokens - 1 : tokens;
    this.side = (int) Math.sqrt(patches);
    if (side < 1 || (long) side * side != patches) {
      throw new CompileException(
          "The checkpoint "
              + source
              + " has "
              + tokens
              + " tokens in pos_embed; "
              + (classToken
                  ? "a class token and a square grid of patches are expected, such as 197 = 1 + 14 x 14."
                  : "a square grid of patches is expected, such as 196 = 14 x 14."));
    }
  }

  /**
   * The grid to use. Without a stride, the patch size is taken if it fits, so that patches tile the
   * image, or else the largest smaller stride that fits. If positions may be resized and patches do
   * not tile the image to the trained grid, patches overlap only where those of published models
   * do: by half at their size; else they tile the image.
   *
   * @throws CompileException if none fits, naming image sizes and strides that would
   */
  Fit fit(ImportOptions options) {
    ImageSize size = options.imageSize();
    Integer given = options.stride();
    if (given != null && given < 1) {
      throw failure("stride " + given + " does not give that", size, patch);
    }
    int stride = given != null ? given : implied(size, options.interpolatePositions());
    boolean fits = stride > 0 && patch <= Math.min(size.height(), size.width());
    if (fits && (options.interpolatePositions() || fits(size, stride))) {
      return new Fit(stride, along(size.height(), stride), along(size.width(), stride), side);
    }
    throw failure(
        given == null
            ? "no stride up to the patch size gives that at imageSize " + size
            : "imageSize " + size + " with stride " + given + " does not give that",
        size,
        given == null ? patch : given);
  }

  private int along(int pixels, int stride) {
    return (pixels - patch) / stride + 1;
  }

  private boolean fits(ImageSize size, int stride) {
    return size.isSquare() && size.height() >= patch && along(size.height(), stride) == side;
  }

  private int implied(ImageSize size, boolean resized) {
    if (!resized) {
      return implied(size);
    }
    int published = implied(PUBLISHED);
    boolean overlapping = published > 0 && published == patch / 2 && !fits(size, patch);
    return overlapping ? published : patch;
  }

  private int implied(ImageSize size) {
    for (int stride = patch; stride >= 1; stride--) {
      if (fits(size, stride)) {
        return stride;
      }
    }
    return 0;
  }

  private CompileException failure(String why, ImageSize size, int stride) {
    Set<String> fitting = new LinkedHashSet<>();
    int implied = implied(size);
    if (implied > 0) {
      fitting.add(pair(size.height(), implied));
    }
    for (int candidate : new int[] {stride, patch, patch / 2}) {
      if (candidate >= 1) {
        fitting.add(pair((side - 1L) * candidate + patch, candidate));
      }
    }
    return new CompileException(
        "The checkpoint "
            + source
            + " has patches of "
            + patch
            + " pixels and "
            + (side * side + (classToken ? 1 : 0))
            + " tokens, "
            + (classToken ? "a class token and " : "")
            + side
            + " x "
            + side
            + " patches, but "
            + why
            + ". What would fit: "
            + String.join(", or ", fitting)
            + ". Set imageSize to what the model was trained with, or interpolatePositions to true"
            + " for positions that are resized to another grid.");
  }

  private static String pair(long imageSize, int stride) {
    return "imageSize " + imageSize + " with stride " + stride;
  }
}
