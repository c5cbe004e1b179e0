package io.github.ptq4vm.compiler.checkpoint;

import java.util.List;

/**
 * What a checkpoint says about a tensor before anybody reads it.
 *
 * @param dtype element type by its safetensors name: {@code F32}, {@code F16}, {@code BF16}, {@code
 *     F64}, {@code I64}, ...
 * @param shape extents, outermost first; empty for a scalar
 */
public record TensorInfo(String dtype, List<Integer> shape) {

  /** Takes an immutable copy of the shape. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }
}
