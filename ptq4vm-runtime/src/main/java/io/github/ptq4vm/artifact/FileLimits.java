package io.github.ptq4vm.artifact;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Parameter;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How long a model's files may be. A reader takes a file into memory only up to its limit, because
 * a small jar can hold large files; a writer keeps to the same limits.
 */
final class FileLimits {

  private static final long MEBIBYTE = 1 << 20;
  private static final long MAX_TEXT_BYTES = 16 * MEBIBYTE;

  /** Limit of what one Java array holds. */
  private static final long MAX_ARRAY_BYTES = Integer.MAX_VALUE - 8;

  private static final Map<String, Long> TEXTS =
      Map.of(
          ArtifactFormat.PREPROCESSING, MEBIBYTE,
          ArtifactFormat.LABELS, MAX_TEXT_BYTES,
          ArtifactFormat.LICENSE, MAX_TEXT_BYTES,
          ArtifactFormat.MODEL_CARD, MAX_TEXT_BYTES);

  /** What a safetensors header says besides tensors. */
  private static final long HEADER_BYTES = MEBIBYTE;

  /** What a safetensors header says about a tensor besides its name, generously. */
  private static final long DESCRIPTION_BYTES = 1024;

  /** Bytes that a character of a name takes in JSON when it is escaped. */
  private static final int ESCAPED_BYTES = 6;

  private FileLimits() {}

  /**
   * Most bytes of a file.
   *
   * @param name name of the file in the model's directory
   * @param network the model's operations
   * @return the limit, at most what an array can hold, or nothing for a file whose content no
   *     reader needs
   */
  static OptionalLong of(String name, Network network) {
    if (name.equals(ArtifactFormat.WEIGHTS)) {
      return OptionalLong.of(weights(network));
    }
    Long limit = TEXTS.get(name);
    return limit == null ? OptionalLong.empty() : OptionalLong.of(limit);
  }

  private static long weights(Network network) {
    long bytes = HEADER_BYTES;
    for (Parameter parameter : network.parameters().values()) {
      long data = parameter.type().bytes();
      for (int extent : parameter.shape()) {
        data = Math.min(data * extent, MAX_ARRAY_BYTES);
      }
      bytes += data + DESCRIPTION_BYTES + ESCAPED_BYTES * parameter.name().length();
    }
    return Math.min(bytes, MAX_ARRAY_BYTES);
  }
}
