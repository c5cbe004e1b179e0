package io.github.ptq4vm.compiler;

import io.github.ptq4vm.Device;
import java.nio.file.Path;
import java.util.List;

/**
 * Everything a verification depends on. Immutable, and plain data: it travels to the worker as
 * JSON. How the checkpoint is read and images are prepared, the jars say themselves.
 *
 * @param checkpoint the file the jars were made from
 * @param architecture {@link ImportOptions#AUTO}, or a family's name
 * @param validationDirectory labelled images, one folder a class
 * @param jars jars of models, each with one
 * @param device where the packaged models run; the checkpoint runs on the processor
 * @param threads worker threads
 */
public record VerifyRequest(
    Path checkpoint,
    String architecture,
    Path validationDirectory,
    List<Path> jars,
    Device device,
    int threads) {

  /** Takes an immutable copy of the jars. */
  public VerifyRequest {
    jars = List.copyOf(jars);
  }
}
