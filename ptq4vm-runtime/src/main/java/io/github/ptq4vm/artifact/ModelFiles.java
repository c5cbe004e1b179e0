package io.github.ptq4vm.artifact;

import io.github.ptq4vm.CorruptModelException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Where files of models are read from: a jar or a class loader. */
interface ModelFiles {

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
    try (InputStream in = open(name)) {
      if (in == null) {
        throw new CorruptModelException(
            describe(name)
                + " is missing. The model is incomplete; get its jar again from where it came"
                + " from.");
      }
      byte[] bytes = in.readNBytes(maxBytes);
      if (in.read() >= 0) {
        throw new CorruptModelException(
            describe(name)
                + " is longer than the "
                + maxBytes
                + " bytes it should have at most. "
                + ArtifactReader.ADVICE);
      }
      return bytes;
    } catch (IOException e) {
      throw new CorruptModelException(
          describe(name) + " cannot be read: " + e.getMessage() + ". " + ArtifactReader.ADVICE, e);
    }
  }
}
