package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Square patches on a square image and the tokens they make: {@code grid * grid} and a class token,
 * with {@code grid = floor((imageSize - patch) / stride) + 1}. A checkpoint states patch and
 * tokens; image size and stride have to agree with them.
 */
final class PatchGrid {
  private final String source;
  private final int patch;
  private final int grid;

  /**
   * Checks that the token count is that of a square grid and a class token.
   *
   * @param source the file, for messages
   */
  PatchGrid(String source, int patch, int tokens) {
    this.source = source;
    this.patch = patch;
    this.grid = (int) Math.sqrt(tokens - 1.0);
    if (grid < 1 || (long) grid * grid != tokens - 1L) {
      throw new CompileException(
          "The checkpoint "
              + source
              + " has "
              + tokens
              + " tokens in pos_embed; a class token and a square grid of patches are expected,"
              + " such as 197 = 1 + 14 x 14.");
    }
  }

  /**
   * The stride to use.
   *
   * @param imageSize side of the image in pixels
   * @param stride what the user wants, or null: then the patch size if it fits, so that patches
   *     tile the image, or else the largest smaller stride that fits
   * @throws CompileException if none fits, naming image sizes and strides that would
   */
  int stride(int imageSize, @Nullable Integer stride) {
    if (stride == null) {
      int implied = implied(imageSize);
      if (implied == 0) {
        throw failure(
            "no stride up to the patch size gives that at imageSize " + imageSize,
            imageSize,
            patch);
      }
      return implied;
    }
    if (stride < 1 || !fits(imageSize, stride)) {
      throw failure(
          "imageSize " + imageSize + " with stride " + stride + " does not give that",
          imageSize,
          stride);
    }
    return stride;
  }

  private boolean fits(int imageSize, int stride) {
    return imageSize >= patch && (imageSize - patch) / stride + 1 == grid;
  }

  private int implied(int imageSize) {
    for (int stride = patch; stride >= 1; stride--) {
      if (fits(imageSize, stride)) {
        return stride;
      }
    }
    return 0;
  }

  private CompileException failure(String why, int imageSize, int stride) {
    Set<String> fitting = new LinkedHashSet<>();
    int implied = implied(imageSize);
    if (implied > 0) {
      fitting.add(pair(imageSize, implied));
    }
    for (int candidate : new int[] {stride, patch, patch / 2}) {
      if (candidate >= 1) {
        fitting.add(pair((grid - 1L) * candidate + patch, candidate));
      }
    }
    return new CompileException(
        "The checkpoint "
            + source
            + " has patches of "
            + patch
            + " pixels and "
            + (grid * grid + 1)
            + " tokens, a class token and "
            + grid
            + " x "
            + grid
            + " patches, but "
            + why
            + ". What would fit: "
            + String.join(", or ", fitting)
            + ". Set imageSize to what the model was trained with.");
  }

  private static String pair(long imageSize, int stride) {
    return "imageSize " + imageSize + " with stride " + stride;
  }
}
