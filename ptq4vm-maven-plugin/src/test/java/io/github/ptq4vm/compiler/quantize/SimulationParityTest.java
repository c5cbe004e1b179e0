package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.LinearExecution;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.cpu.CpuKernels;
import io.github.ptq4vm.cpu.QuantizedTrace;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.VisionMamba;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The build-time simulation and the runtime agree: bit for bit on the integers of every quantized
 * linear that gets the same floats, and in nearly all codes from end to end.
 */
class SimulationParityTest {
  private static final String PROVIDER = "ptq4vm.cpu.provider";

  private static Model model(String name) {
    // 544 channels inside: more than float sums of products of 8-bit codes can hold exactly.
    return switch (name) {
      case "mini" -> SmallModels.mini();
      case "wide" ->
          FillerModels.fill(new VisionMamba(48, 544, 2, 4, 3, 4, 8, 8, 32, 10).network());
      default -> SmallModels.Block.valueOf(name).model();
    };
  }

  private static float[][] images(Model model) {
    return Values.images(6, model.network().height(), model.network().width());
  }

  /** Small models, and a block of each kind. */
  private static Stream<Arguments> kinds(String... others) {
    return Stream.concat(
        Stream.of(others).map(line -> Arguments.of((Object[]) line.split(","))),
        Stream.of(SmallModels.Block.values())
            .flatMap(
                block ->
                    Stream.of(
                        Arguments.of(block.name(), 8, 8, "STATIC"),
                        Arguments.of(block.name(), 4, 4, "STATIC"),
                        Arguments.of(block.name(), 4, 4, "ROTATED_DYNAMIC"))));
  }

  static Stream<Arguments> singly() {
    return kinds(
        "mini,8,8,STATIC",
        "mini,6,6,STATIC",
        "mini,4,8,STATIC",
        "mini,4,4,STATIC",
        "wide,8,8,STATIC",
        "wide,6,6,STATIC",
        "wide,4,8,STATIC",
        "wide,4,4,STATIC",
        "mini,8,8,DYNAMIC",
        "mini,4,4,DYNAMIC",
        "wide,6,6,DYNAMIC",
        "mini,6,6,ROTATED",
        "wide,4,8,ROTATED",
        "mini,8,8,ROTATED_DYNAMIC",
        "mini,4,4,ROTATED_DYNAMIC",
        "wide,8,8,ROTATED_DYNAMIC",
        "wide,6,6,ROTATED_DYNAMIC",
        "wide,4,8,ROTATED_DYNAMIC",
        "wide,4,4,ROTATED_DYNAMIC");
  }

  static Stream<Arguments> together() {
    return kinds(
        "mini,8,8,STATIC",
        "mini,6,6,STATIC",
        "mini,4,8,STATIC",
        "mini,4,4,STATIC",
        "wide,8,8,STATIC",
        "wide,4,4,STATIC",
        "mini,8,8,ROTATED_DYNAMIC",
        "wide,4,4,ROTATED_DYNAMIC");
  }

  /** The kernels users get, and the reference ones where those are others. */
  private static List<CpuKernels> providers() {
    String before = System.getProperty(PROVIDER);
    try {
      Map<String, CpuKernels> providers = new LinkedHashMap<>();
      for (String wish : List.of("", "scalar")) {
        System.setProperty(PROVIDER, wish);
        CpuKernels kernels = CpuKernels.best();
        providers.putIfAbsent(kernels.name(), kernels);
      }
      return List.copyOf(providers.values());
    } finally {
      if (before == null) {
        System.clearProperty(PROVIDER);
      } else {
        System.setProperty(PROVIDER, before);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("singly")
  void sameFloatsSameIntegers(
      String name, int weightBits, int activationBits, Quantizers.Inputs inputs) {
    Model model = model(name);
    float[][] images = images(model);
    try (TensorInterpreter interpreter = new TensorInterpreter(model, 2)) {
      Map<String, LinearQuantizer> quantizers =
          CalibratedModel.quantizers(
              interpreter, inputs.plan(interpreter.network(), weightBits, activationBits), images);
      Model packed = Packing.pack(interpreter, quantizers);
      for (CpuKernels provider : providers()) {
        try (CpuExecutor executor = new CpuExecutor(packed, 1, provider)) {
          for (LinearQuantizer quantizer : quantizers.values()) {
            compare(executor, images[5], interpreter, quantizer);
          }
        }
      }
    }
  }

  private static void compare(
      CpuExecutor executor,
      float[] image,
      TensorInterpreter interpreter,
      LinearQuantizer quantizer) {
    Operation.Linear linear = quantizer.linear();
    String name = executor.provider() + " " + linear.output();
    Map<String, float[]> values = executor.trace(image, Set.of(linear.input(), linear.output()));
    QuantizedTrace trace = executor.codes(image, linear.output());
    SimulatedLinear simulated = new SimulatedLinear(interpreter, quantizer);

    float[] input = values.get(linear.input());
    float[] rotated = Quantizers.rotated(quantizer, input);
    InputScale.Static scales = simulated.scales(trace.tokens(), rotated);
    float[] centred = simulated.centredCodes(trace.tokens(), rotated, scales);
    assertThat(codes(centred, linear, scales)).as("codes of %s", name).isEqualTo(trace.codes());

    int[] sums = simulated.accumulators(trace.tokens(), centred);
    float[] weight = SimulatedLinear.weightCodes(interpreter, quantizer);
    for (int i = 0; i < sums.length; i++) {
      int o = i % linear.outFeatures();
      int row = 0;
      for (int c = 0; c < linear.inFeatures(); c++) {
        row += (int) weight[o * linear.inFeatures() + c];
      }
      sums[i] += scales.zeroPoint()[i / linear.outFeatures()] * row;
    }
    assertThat(sums).as("accumulators of %s", name).isEqualTo(trace.accumulators());

    float[] output = new float[sums.length];
    float[] bias = linear.hasBias() ? interpreter.model().floats(linear.bias()) : new float[0];
    SimulatedLinear.of(interpreter, quantizer).forward(trace.tokens(), input, bias, output);
    assertThat(output).as("output of %s", name).containsExactly(values.get(linear.output()));
  }

  private static int[] codes(float[] centred, Operation.Linear linear, InputScale.Static scales) {
    int channels = linear.inFeatures();
    int tokens = scales.zeroPoint().length;
    int[] codes = new int[centred.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (int) centred[i] + scales.zeroPoint()[i / channels % tokens];
    }
    return codes;
  }

  @ParameterizedTest
  @MethodSource("together")
  void endToEndNearlyAllCodesAgree(
      String name, int weightBits, int activationBits, Quantizers.Inputs inputs) {
    Model model = model(name);
    float[][] images = images(model);
    try (TensorInterpreter interpreter = new TensorInterpreter(model, 2)) {
      Map<String, LinearQuantizer> quantizers =
          CalibratedModel.quantizers(
              interpreter, inputs.plan(interpreter.network(), weightBits, activationBits), images);
      Map<String, LinearExecution> simulated = new HashMap<>();
      quantizers.forEach((n, q) -> simulated.put(n, SimulatedLinear.of(interpreter, q)));
      for (CpuKernels provider : providers()) {
        try (CpuExecutor executor =
            new CpuExecutor(Packing.pack(interpreter, quantizers), 1, provider)) {
          endToEnd(executor, images, interpreter, quantizers, simulated);
        }
      }
    }
  }

  private static void endToEnd(
      CpuExecutor executor,
      float[][] images,
      TensorInterpreter interpreter,
      Map<String, LinearQuantizer> quantizers,
      Map<String, LinearExecution> simulated) {
    BatchRunner runner = new BatchRunner(interpreter);
    long differing = 0;
    long all = 0;
    for (float[] image : images) {
      Map<String, int[]> expected = new HashMap<>();
      float[] stream = new float[0];
      for (Section section : interpreter.network().sections()) {
        stream =
            stream.length == 0
                ? runner.runFirst(section, new float[][] {image}, linear -> null)
                : runner.run(
                    section,
                    stream,
                    1,
                    linear -> simulated.get(linear.output()),
                    (linear, first, x) -> {
                      LinearQuantizer quantizer = quantizers.get(linear.output());
                      if (quantizer != null) {
                        SimulatedLinear s = new SimulatedLinear(interpreter, quantizer);
                        int size = interpreter.network().shape(linear.input()).size();
                        int tokens = size / linear.inFeatures();
                        float[] rotated = Quantizers.rotated(quantizer, Arrays.copyOf(x, size));
                        InputScale.Static scales = s.scales(tokens, rotated);
                        float[] centred = s.centredCodes(tokens, rotated, scales);
                        expected.put(linear.output(), codes(centred, linear, scales));
                      }
                    });
      }
      assertThat(expected).hasSameSizeAs(quantizers);
      for (Map.Entry<String, int[]> entry : expected.entrySet()) {
        int[] actual = executor.codes(image, entry.getKey()).codes();
        for (int i = 0; i < actual.length; i++) {
          differing += actual[i] == entry.getValue()[i] ? 0 : 1;
        }
        all += actual.length;
      }
      float[] logits = executor.run(new float[][] {image})[0];
      assertThat(largest(logits)).isEqualTo(largest(stream));
    }
    double share = (double) differing / all;
    Precision precision = quantizers.values().iterator().next().precision();
    System.out.printf(
        "W%dA%d %s: %d of %d codes (%.4f %%) differ from end to end.%n",
        precision.weightBits(),
        precision.activationBits(),
        executor.provider(),
        differing,
        all,
        100 * share);
    assertThat(share).isLessThan(0.01);
  }

  private static int largest(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }
}
