package io.github.ptq4vm.cpu;

import java.util.Arrays;
import java.util.List;

/** Runs one step whose inputs have the numbers 0 upwards, and whose output has the next number. */
final class StepRunner {
  private StepRunner() {}

  /** The same of work on rows. */
  static float[] run(RangeStep.Range rowwise, int rows, int columns, Matrix... inputs) {
    return run(new RangeStep(rows, rows, rowwise), rows, columns, inputs);
  }

  /** The output's floats, row after row. Inputs lie as given: views stay views. */
  static float[] run(Step step, int rows, int columns, Matrix... inputs) {
    Placement[] placements = new Placement[inputs.length + 1];
    int[] sizes = new int[inputs.length + 1];
    for (int i = 0; i < inputs.length; i++) {
      Matrix in = inputs[i];
      placements[i] =
          new Placement(i, in.offset(), in.stride(), in.rows(), in.columns(), in.rows());
      sizes[i] = in.data().length;
    }
    placements[inputs.length] = new Placement(inputs.length, 1, columns + 2, rows, columns, rows);
    sizes[inputs.length] = 1 + rows * (columns + 2);
    Workspace workspace = new Workspace(placements, sizes, new int[0], 1);
    for (int i = 0; i < inputs.length; i++) {
      System.arraycopy(inputs[i].data(), 0, workspace.value(i).data(), 0, sizes[i]);
    }
    Matrix output = workspace.value(inputs.length);
    // What an earlier value left behind must not show through.
    Arrays.fill(output.data(), Float.NaN);
    Chain chain = new Chain(List.of(step), Math.max(1, step.units() / 2));
    workspace.run(new Stage(List.of(chain)), Team.alone());
    return output.copy();
  }
}
