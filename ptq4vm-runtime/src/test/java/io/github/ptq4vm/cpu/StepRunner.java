package io.github.ptq4vm.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs one step whose inputs have the numbers 0 upwards, and whose output has the next number. */
final class StepRunner {
  private StepRunner() {}

  /** The output's floats, row after row. Inputs lie as given: views stay views. */
  static float[] run(Step step, int rows, int columns, Matrix... inputs) {
    List<Placement> placements = new ArrayList<>();
    int[] sizes = new int[inputs.length + 1];
    for (int i = 0; i < inputs.length; i++) {
      Matrix in = inputs[i];
      placements.add(new Placement(i, in.offset(), in.stride(), in.rows(), in.columns()));
      sizes[i] = in.data().length;
    }
    placements.add(new Placement(inputs.length, 1, columns + 2, rows, columns));
    sizes[inputs.length] = 1 + rows * (columns + 2);
    Workspace workspace = new Workspace(placements, sizes, 1);
    for (int i = 0; i < inputs.length; i++) {
      System.arraycopy(inputs[i].data(), 0, workspace.value(i).data(), 0, sizes[i]);
    }
    Matrix output = workspace.value(inputs.length);
    // What an earlier value left behind must not show through.
    Arrays.fill(output.data(), Float.NaN);
    step.run(workspace, Team.alone());
    return output.copy();
  }
}
