package io.github.ptq4vm.compiler.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.quantize.BlockCalibration;
import io.github.ptq4vm.compiler.quantize.ClippingSearch;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.quantize.Quantizers;
import io.github.ptq4vm.compiler.quantize.Quantizers.Inputs;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.SectionRun;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Gradients through a whole block of everything that learns, against finite differences in double
 * precision and against PyTorch's autograd.
 */
class BlockGradientTest {
  private static final int IMAGES = 3;
  private static final double TOLERANCE = 1e-4;

  /** A block of which all linears learn, run once, with the gradient of the cosine loss taken. */
  private static final class Run implements AutoCloseable {
    final Model model;
    final TensorInterpreter interpreter;
    final Section section;
    final Map<String, LearningLinear> linears = new TreeMap<>();
    final Map<String, LinearQuantizer> quantizers;
    final float[] stream;
    final float[] target;
    final SectionRun recorded;

    Run(SmallModels.Block kind, int weightBits, int activationBits, Inputs inputs, boolean fixed) {
      model = kind.model();
      Network network = model.network();
      interpreter = new TensorInterpreter(model, 2);
      section = network.sections().get(1);
      assertThat(section.block()).isTrue();
      stream =
          new BatchRunner(interpreter)
              .runFirst(
                  network.sections().get(0),
                  Values.images(IMAGES, network.height(), network.width()),
                  Linears.FLOAT);
      quantizers =
          new BlockCalibration(interpreter, 0.5, ClippingSearch.published())
              .calibrate(
                  section,
                  stream,
                  IMAGES,
                  List.of(inputs.plan(network, weightBits, activationBits)))
              .quantizers()
              .get(0);
      quantizers.replaceAll((name, q) -> Quantizers.clipped(q));
      if (inputs != Inputs.STATIC) {
        // The two ends of its range are all its channels: in float32 its gradients cancel.
        quantizers.values().removeIf(q -> q.linear().kind().equals("dt_proj"));
      }
      if (fixed) {
        quantizers.replaceAll((name, q) -> Quantizers.withFixedCodes(interpreter, q));
      }
      quantizers.forEach((name, q) -> linears.put(name, new LearningLinear(interpreter, q)));
      // Far from the output, so that the loss is no small difference of large numbers.
      target = Values.gaussian(1, stream.length);
      recorded =
          interpreter.record(
              section,
              stream,
              IMAGES,
              linear -> {
                LearningLinear learning = linears.get(linear.output());
                return learning == null ? null : learning.execution();
              });
      float[] output = recorded.value(section.output());
      float[] gradient = new float[output.length];
      CosineLoss.evaluate(interpreter.parallel(), target, output, channels(), gradient);
      recorded.backward(section.output(), gradient);
    }

    int channels() {
      return model.network().shape(section.output()).channels();
    }

    List<double[]> gradients(String linear) {
      return linears.get(linear).parameters().stream().map(LogVector::gradient).toList();
    }

    @Override
    public void close() {
      interpreter.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "VIM,8,8,STATIC,false",
    "VIM,6,6,STATIC,false",
    "VIM,4,8,STATIC,false",
    "VIM,4,4,STATIC,false",
    "VMAMBA_VANILLA,8,8,STATIC,false",
    "VMAMBA,4,8,STATIC,false",
    "LOCAL_VIM,4,4,STATIC,false",
    "LOCAL_VIM_CLASS_TOKEN,6,6,STATIC,false",
    "LOCAL_VMAMBA,6,6,STATIC,false",
    "VIM,6,6,DYNAMIC,false",
    "VIM,4,4,ROTATED,false",
    "VIM,4,4,ROTATED_DYNAMIC,false",
    "VIM,6,6,STATIC,true",
    "VIM,6,6,ROTATED_DYNAMIC,true",
    "VMAMBA,6,6,ROTATED_DYNAMIC,false",
    "LOCAL_VIM,4,4,DYNAMIC,true",
    "LOCAL_VMAMBA,4,4,ROTATED,false"
  })
  void finiteDifferences(
      SmallModels.Block kind, int weightBits, int activationBits, Inputs inputs, boolean fixed) {
    try (Run run = new Run(kind, weightBits, activationBits, inputs, fixed)) {
      DoubleBlock exact =
          new DoubleBlock(
              run.model, run.section, IMAGES, run.stream, run.quantizers, run.recorded::value);
      double[] point = new double[exact.parameters()];
      assertThat(
              Values.relativeError(run.recorded.value(run.section.output()), exact.output(point)))
          .isLessThan(1e-6);
      double[] expected =
          FiniteDifferences.gradient(
              point, logs -> CosineLossTest.exact(run.target, exact.output(logs), run.channels()));
      int offset = 0;
      for (String name : run.linears.keySet()) {
        List<double[]> wanted = new ArrayList<>();
        for (double[] actual : run.gradients(name)) {
          double[] part = new double[actual.length];
          System.arraycopy(expected, offset, part, 0, part.length);
          wanted.add(part);
          offset += part.length;
        }
        check(name, run.gradients(name), wanted);
      }
      assertThat(offset).isEqualTo(expected.length);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "VIM,8,8,STATIC,false",
    "VIM,6,6,STATIC,false",
    "VIM,4,8,STATIC,false",
    "VIM,4,4,STATIC,false",
    "VMAMBA_VANILLA,8,8,STATIC,false",
    "VMAMBA,4,8,STATIC,false",
    "LOCAL_VIM,4,4,STATIC,false",
    "LOCAL_VIM_CLASS_TOKEN,6,6,STATIC,false",
    "LOCAL_VMAMBA,6,6,STATIC,false",
    "VIM,6,6,DYNAMIC,false",
    "VIM,4,4,ROTATED,false",
    "VIM,4,4,ROTATED_DYNAMIC,false",
    "VIM,6,6,STATIC,true",
    "VIM,6,6,ROTATED_DYNAMIC,true",
    "VMAMBA,6,6,ROTATED_DYNAMIC,false",
    "LOCAL_VIM,4,4,DYNAMIC,true",
    "LOCAL_VMAMBA,4,4,ROTATED,false"
  })
  void autograd(
      SmallModels.Block kind, int weightBits, int activationBits, Inputs inputs, boolean fixed) {
    try (Run run = new Run(kind, weightBits, activationBits, inputs, fixed);
        AutogradBlock block = new AutogradBlock(run.model, run.section, IMAGES, run.quantizers)) {
      float[] output = block.run(run.stream, run.target);
      assertThat(
              Values.relativeError(
                  run.recorded.value(run.section.output()), Values.doubles(output)))
          .isLessThan(1e-6);
      for (String name : run.linears.keySet()) {
        check(name, run.gradients(name), block.gradients(name));
      }
    }
  }

  private static void check(String linear, List<double[]> actual, List<double[]> expected) {
    List<String> names = List.of("smoothing factors", "weight steps", "input scale");
    for (int i = 0; i < names.size(); i++) {
      assertThat(Arrays.stream(expected.get(i)).anyMatch(g -> g != 0)).isTrue();
      assertThat(Values.relativeError(actual.get(i), expected.get(i)))
          .as("relative error of the gradient of the %s of %s", names.get(i), linear)
          .isLessThan(TOLERANCE);
    }
  }
}
