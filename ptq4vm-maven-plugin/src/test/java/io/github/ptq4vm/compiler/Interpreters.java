package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.checkpoint.Filler;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The ways to run a network, for tests that expect the same of each. */
enum Interpreters {
  /** Float32 with gradients, on PyTorch. */
  TENSOR {
    @Override
    Map<String, float[]> values(Model model, int images, Set<String> wanted) {
      Map<String, float[]> values = new HashMap<>();
      try (TensorInterpreter interpreter = new TensorInterpreter(model, THREADS)) {
        float[] stream = new float[0];
        for (int i = 0; i < images; i++) {
          stream = concatenated(stream, image(model, i));
        }
        for (Section section : model.network().sections()) {
          List<Operation> operations = section.operations();
          for (int i = 0; i < operations.size(); i++) {
            if (wanted.contains(operations.get(i).output())) {
              // Values inside a section are not kept; here they are what a shorter one ends with.
              Section part = new Section("part", false, operations.subList(0, i + 1));
              values.put(part.output(), run(interpreter, part, stream, images));
            }
          }
          stream = run(interpreter, section, stream, images);
        }
      }
      return values;
    }
  },
  /** What applications run. */
  CPU {
    @Override
    Map<String, float[]> values(Model model, int images, Set<String> wanted) {
      Map<String, float[]> values = new HashMap<>();
      try (CpuExecutor executor = new CpuExecutor(model, THREADS)) {
        for (int i = 0; i < images; i++) {
          executor
              .trace(planar(image(model, i)), wanted)
              .forEach((name, value) -> values.merge(name, value, Interpreters::concatenated));
        }
      }
      return values;
    }
  };

  private static final int THREADS = 2;

  /**
   * Values of a network for filler images.
   *
   * @param images how many
   * @param wanted names of values
   * @return the tokens of each value, one image after the other
   */
  abstract Map<String, float[]> values(Model model, int images, Set<String> wanted);

  private static float[] run(
      TensorInterpreter interpreter, Section section, float[] stream, int images) {
    return interpreter.run(
        section, stream, images, TensorInterpreter.Linears.FLOAT, TensorInterpreter.Observer.NONE);
  }

  private static float[] image(Model model, int index) {
    return Filler.image(index, model.network().height(), model.network().width()).data();
  }

  private static float[] planar(float[] tokens) {
    float[] planes = new float[tokens.length];
    int pixels = tokens.length / 3;
    for (int i = 0; i < tokens.length; i++) {
      planes[i % 3 * pixels + i / 3] = tokens[i];
    }
    return planes;
  }

  private static float[] concatenated(float[] first, float[] second) {
    float[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
