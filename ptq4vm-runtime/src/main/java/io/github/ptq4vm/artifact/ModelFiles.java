package io.github.ptq4vm.artifact;

import io.github.ptq4vm.CorruptModelException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** Where files of models are read from: a jar or a class loader. */
interface ModelFiles {

  /** A way to read a file. */
  @FunctionalInterface
  interface Reading<T> {

    /** Reads from the start and stops at the end or the most bytes there should be. */
    T read(InputStream in) throws IOException;
  }

  /**
   * Opens a file.
   *
   * @param name its path from the root, with slashes
   * @return its bytes, or null if it is not there
   */
  @Nullable InputStream open(String name) throws IOException;

  /** What messages call a file. */
  String describe(String name);

  /**
   * Reads a file of at most a given size.
   *
   * @throws CorruptModelException if it is not there, longer, or cannot be read
   */
  default byte[] read(String name, int maxBytes) {
    return read(name, maxBytes, in -> in.readNBytes(maxBytes));
  }

  /**
   * Digest of a file of at most a given size, of which only a small part is in memory at a time.
   *
   * @throws CorruptModelException if it is not there, longer, or cannot be read
   */
  default FileDigest digest(String name, long maxBytes) {
    return read(
        name,
        maxBytes,
        in -> {
          MessageDigest sha256 = FileDigest.newSha256();
          byte[] buffer = new byte[1 << 16];
          long size = 0;
          for (int count = 1; count > 0; size += count) {
            count = in.readNBytes(buffer, 0, (int) Math.min(buffer.length, maxBytes - size));
            sha256.update(buffer, 0, count);
          }
          return new FileDigest(size, FileDigest.hex(sha256.digest()));
        });
  }

  /** Reads a file of at most a given size in a way that stops there. */
  private <T> T read(String name, long maxBytes, Reading<T> reading) {
    try (InputStream in = open(name)) {
      if (in == null) {
        throw new CorruptModelException(
            describe(name)
                + " is missing. The model is incomplete; get its jar again from where it came"
                + " from.");
      }
      T result = reading.read(in);
      if (in.read() >= 0) {
        throw new CorruptModelException(
            describe(name)
                + " is longer than the "
                + maxBytes
                + " bytes it should have at most. "
                + ArtifactReader.ADVICE);
      }
      return result;
    } catch (IOException e) {
      throw new CorruptModelException(
          describe(name) + " cannot be read: " + e.getMessage() + ". " + ArtifactReader.ADVICE, e);
    }
  }
}
