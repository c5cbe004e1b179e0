package io.github.ptq4vm.cpu;

import java.util.List;

/** The memory one image needs on its way through a plan. Used by one image at a time. */
final class Workspace {
  private final Matrix[] values;
  private final Scratch[] scratch;

  Workspace(List<Placement> placements, int[] bufferSizes, int members) {
    float[][] buffers = new float[bufferSizes.length][];
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] = new float[bufferSizes[i]];
    }
    values = new Matrix[placements.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = placements.get(i).in(buffers);
    }
    scratch = new Scratch[members];
    for (int i = 0; i < members; i++) {
      scratch[i] = new Scratch();
    }
  }

  /** A value by its number. */
  Matrix value(int number) {
    return values[number];
  }

  /** Working memory of a member of a team. */
  Scratch scratch(int member) {
    return scratch[member];
  }
}
