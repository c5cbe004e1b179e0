package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import java.util.Collection;
import java.util.List;

/**
 * The shapes of a checkpoint's tensors, for whoever takes a network's size from them.
 *
 * @param checkpoint has the keys that are asked for
 * @param title what a message calls the model
 */
record Shapes(Checkpoint checkpoint, String title) {

  /** The file, for messages. */
  String file() {
    return checkpoint.file().toString();
  }

  /** The checkpoint and what it is, for messages. */
  String described(String variant) {
    return "the checkpoint " + file() + ", a " + variant;
  }

  /** All keys. */
  Collection<String> keys() {
    return checkpoint.tensors().keySet();
  }

  /**
   * One extent of a tensor.
   *
   * @param rank how many extents it must have, none of them 0; a matrix may have two more that are
   *     1
   * @throws CompileException if it has others
   */
  int extent(String key, int rank, int dimension) {
    List<Integer> shape = checkpoint.tensors().get(key).shape();
    boolean pixel = rank == 2 && shape.size() == 4 && shape.subList(2, 4).equals(List.of(1, 1));
    if (shape.size() != rank && !pixel || shape.contains(0)) {
      throw new CompileException(
          "The tensor \""
              + key
              + "\" of the checkpoint "
              + file()
              + " has shape "
              + shape
              + "; "
              + rank
              + " extents, none of them 0, are expected in a "
              + title
              + ".");
    }
    return shape.get(dimension);
  }
}
