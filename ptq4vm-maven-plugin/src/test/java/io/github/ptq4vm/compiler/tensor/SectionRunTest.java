package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Observer;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.TokenOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Operations that move and convolve grids, and what a recording keeps. */
class SectionRunTest {

  /** Passes on what fits of its input and remembers the gradient that comes back. */
  private static final class Probe implements LinearExecution {
    private float[] gradient = new float[0];

    @Override
    public void forward(int rows, float[] x, float[] bias, float[] y) {
      System.arraycopy(x, 0, y, 0, Math.min(x.length, y.length));
    }

    @Override
    public void backward(int rows, float[] x, float[] gy, @Nullable float[] gx) {
      gradient = gy.clone();
      if (gx != null) {
        System.arraycopy(gy, 0, gx, 0, gy.length);
      }
    }

    @Override
    public boolean learns() {
      return true;
    }
  }

  /** A network that runs operations on a picture behind a linear from three channels to three. */
  private static Model model(int height, int width, Operation... operations) {
    List<Operation> list = new ArrayList<>();
    list.add(new Operation.Linear("x", Network.IMAGE, "in_proj", 3, 3, "weight", "", true, null));
    list.addAll(List.of(operations));
    Section section = new Section("block", true, list);
    Section head =
        new Section(
            "head", false, List.of(new TokenOperation.SelectToken("pool", section.output(), 0)));
    return FillerModels.fill(new Network("test", height, width, List.of(section, head)));
  }

  /** Value of the last operation and the gradient of what is in front of the first. */
  private record Result(float[] output, float[] gradient) {
    static Result of(Model model, int images, float[] x, float[] gy) {
      try (TensorInterpreter interpreter = new TensorInterpreter(model, 2)) {
        Section section = interpreter.network().sections().get(0);
        Probe probe = new Probe();
        SectionRun run = interpreter.record(section, x, images, linear -> probe);
        float[] output = run.value(section.output()).clone();
        run.backward(section.output(), gy.clone());
        assertThat(interpreter.run(section, x, images, linear -> probe, Observer.NONE))
            .containsExactly(output);
        return new Result(output, probe.gradient);
      }
    }
  }

  @Test
  void patchesMergeColumnByColumn() {
    float[] x = new float[2 * 3 * 4 * 3];
    for (int i = 0; i < x.length; i++) {
      x[i] = i + 1;
    }
    Model model = model(3, 4, new GridOperation.MergePatches("merge", "x", 3, 3, 4));
    float[] gy = Values.gaussian(1, 2 * 2 * 2 * 12);
    Result result = Result.of(model, 2, x, gy);
    // Upper left, lower left, upper right, lower right; below the last row are zeros.
    int[] sources = {0, 4, 1, 5, 2, 6, 3, 7, 8, -1, 9, -1, 10, -1, 11, -1};
    float[] expected = new float[gy.length];
    float[] gradient = new float[x.length];
    for (int image = 0; image < 2; image++) {
      for (int i = 0; i < sources.length; i++) {
        for (int c = 0; c < 3 && sources[i] >= 0; c++) {
          int to = (image * sources.length + i) * 3 + c;
          int from = (image * 12 + sources[i]) * 3 + c;
          expected[to] = x[from];
          gradient[from] = gy[to];
        }
      }
    }
    assertThat(result.output()).containsExactly(expected);
    assertThat(result.gradient()).containsExactly(gradient);
  }

  @Test
  void zeroTokensAreZerosAndTakeNoGradient() {
    TokenOrder order = TokenOrder.of(4, 2, -1, 0, -1, 3, 1);
    Model model =
        model(
            2,
            2,
            new TokenOperation.Gather("ordered", "x", order),
            new Operation.Linear("y", "ordered", "x_proj", 3, 3, "second", "", true, null),
            new TokenOperation.Scatter("back", "y", order));
    float[] x = Values.gaussian(1, 24);
    float[] gy = Values.gaussian(2, 24);
    Result result = Result.of(model, 2, x, gy);
    // The order and its inverse, with linears between that change nothing.
    assertThat(result.output()).containsExactly(x);
    assertThat(result.gradient()).containsExactly(gy);

    Section section = model.network().sections().get(0);
    Section gather = new Section("gather", false, section.operations().subList(0, 2));
    try (TensorInterpreter interpreter = new TensorInterpreter(model, 1)) {
      float[] ordered = interpreter.run(gather, x, 2, linear -> new Probe(), Observer.NONE);
      for (int i = 0; i < ordered.length; i++) {
        int source = order.position(i / 3 % 6);
        assertThat(ordered[i]).isEqualTo(source < 0 ? 0f : x[(i / 18 * 4 + source) * 3 + i % 3]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"3,2,1,5,7", "3,2,1,4,6", "4,4,0,8,12", "3,1,1,2,5", "5,3,2,6,4", "1,1,0,3,2"})
  void convolutionsOfGrids(int kernel, int stride, int padding, int height, int width) {
    GridOperation.Convolution2d op =
        new GridOperation.Convolution2d(
            "y", "x", 3, 4, height, width, kernel, stride, padding, "conv.weight", "conv.bias");
    Model model = model(height, width, op);
    float[] x = Values.gaussian(1, 2 * height * width * 3);
    float[] weight = model.floats("conv.weight");
    float[] bias = model.floats("conv.bias");
    float[] y;
    try (TensorInterpreter interpreter = new TensorInterpreter(model, 2)) {
      Section section = interpreter.network().sections().get(0);
      y = interpreter.run(section, x, 2, linear -> new Probe(), Observer.NONE);
    }
    int rows = (height + 2 * padding - kernel) / stride + 1;
    int columns = (width + 2 * padding - kernel) / stride + 1;
    double[] expected = new double[2 * rows * columns * 4];
    for (int i = 0; i < expected.length; i++) {
      int o = i % 4;
      int column = i / 4 % columns * stride - padding;
      int row = i / 4 / columns % rows * stride - padding;
      int image = i / 4 / columns / rows;
      double sum = bias[o];
      for (int v = Math.max(0, -row); v < kernel && row + v < height; v++) {
        for (int h = Math.max(0, -column); h < kernel && column + h < width; h++) {
          for (int c = 0; c < 3; c++) {
            sum +=
                weight[((o * 3 + c) * kernel + v) * kernel + h]
                    * x[((image * height + row + v) * width + column + h) * 3 + c];
          }
        }
      }
      expected[i] = sum;
    }
    assertThat(Values.relativeError(y, expected)).isLessThan(1e-6);
  }

  @Test
  void recordingsKeepWhatGradientsNeed() {
    Model model = SmallModels.Block.LOCAL_VMAMBA.model();
    try (TensorInterpreter interpreter = new TensorInterpreter(model, 2)) {
      Section section = interpreter.network().sections().get(1);
      String input = interpreter.network().sections().get(0).output();
      float[] stream = Values.gaussian(1, 2 * interpreter.network().shape(input).size());
      Probe probe = new Probe();
      SectionRun learning =
          interpreter.record(
              section, stream, 2, linear -> linear.kind().equals("in_proj") ? probe : null);
      Set<String> kept = kept(section, learning);
      String op = "layers.0.blocks.0.op.";
      assertThat(kept).contains(op + "u.1", op + "u.3", op + "dt_proj.2", op + "y.1");
      // What a sum, an order or a range of channels reads, and the input of the first norm.
      assertThat(kept)
          .doesNotContain(op + "scan.1", op + "attn.0", op + "in_proj", op + "out_proj");
      assertThat(kept).doesNotContain(input);

      SectionRun exact = interpreter.record(section, stream, 2, Linears.FLOAT);
      assertThat(kept(section, exact)).containsExactly(section.output());
      assertThatThrownBy(() -> exact.value(op + "in_proj"))
          .isInstanceOf(InvalidNetworkException.class)
          .hasMessageContaining(op + "in_proj");
    }
  }

  private static Set<String> kept(Section section, SectionRun run) {
    Set<String> kept = new TreeSet<>();
    for (Operation operation : section.operations()) {
      try {
        run.value(operation.output());
        kept.add(operation.output());
      } catch (InvalidNetworkException e) {
        // Gone.
      }
    }
    return kept;
  }
}
