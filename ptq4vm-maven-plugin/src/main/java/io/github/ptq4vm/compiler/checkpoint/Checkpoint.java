package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.network.Tensor;
import java.nio.file.Path;
import java.util.SortedMap;

/**
 * One state dict of an open checkpoint file. What {@link #tensors()} lists has been checked against
 * the file: shapes, offsets and strides stay inside their storage. Not thread-safe.
 */
public interface Checkpoint extends AutoCloseable {

  /** The file. */
  Path file();

  /**
   * SHA-256 of the whole file in lower-case hexadecimal; the first call reads the file.
   *
   * @throws CompileException if the file cannot be read
   */
  String sha256();

  /** Every tensor of the state dict by key, a common {@code module.} prefix removed. */
  SortedMap<String, TensorInfo> tensors();

  /**
   * Reads one tensor and converts it to float32, row-major whatever its strides are in the file.
   *
   * @param key one of {@link #tensors()}
   * @throws CompileException if the key is unknown, the elements are not floating point, or the
   *     file is damaged there
   */
  Tensor.Floats read(String key);

  @Override
  void close();
}
