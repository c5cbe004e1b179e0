package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.cpu.CpuKernels;
import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.cpu.Matrix;
import io.github.ptq4vm.cpu.Providers;
import io.github.ptq4vm.cpu.Quantizer;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.QuantizedWeights;
import io.github.ptq4vm.network.ValueShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Small networks of all families against the scalar kernels of the CPU. */
@EmulatedGpu
class FamilyParityTest {
  private static final int[][] WIDTHS = {{8, 8}, {6, 6}, {4, 8}, {4, 4}};

  /** Batches of a call, cut where they are more than four. */
  private static final int[] BATCHES = {1, 2, 3, 5, 17};

  private static final int LARGEST = 4;

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    new TreeMap<>(Families.MINI)
        .forEach(
            (name, network) -> {
              for (int[] bits : WIDTHS) {
                String suffix = " W" + bits[0] + "A" + bits[1];
                cases.add(
                    Arguments.of(
                        name + suffix, bits[1], network, Families.published(bits[0], bits[1])));
                cases.add(
                    Arguments.of(
                        name + suffix + " chosen",
                        bits[1],
                        network,
                        Families.chosen(bits[0], bits[1])));
              }
            });
    return cases.stream();
  }

  /**
   * Codes of eight bits that half precision moves to a neighbour are small change. Of codes of four
   * bits one in a hundred is moved at every linear, and a neighbour is far: logits then differ by
   * up to what quantization itself does to them, so that the bound says little, and {@link
   * #everyQuantizedLinearIsTheCpusForTheSameInput} has to say it for each linear.
   */
  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void logitsAreTheCpus(
      String name,
      int inputBits,
      Network network,
      Function<Operation.Linear, Precision> precisions) {
    float[][] images = Filler.images(3, network.height(), network.width());
    Model model = Calibrated.model(network, precisions);
    float[][] expected = onCpu(model, images);
    double quantization = quantizationError(network, images, expected);
    check(model, StorageType.F32, images, expected, Math.max(1e-4, 0.02 * quantization));
    check(
        model,
        StorageType.F16,
        images,
        expected,
        inputBits == 8 ? 2e-2 : inputBits == 6 ? 5e-2 : Math.max(5e-2, quantization));
  }

  /** What quantization does to the logits. */
  static double quantizationError(Network network, float[][] images, float[][] quantized) {
    float[][] unquantized = onCpu(Filler.model(network), images);
    double largest = 0;
    for (int i = 0; i < images.length; i++) {
      largest = Math.max(largest, relativeError(quantized[i], unquantized[i]));
    }
    return largest;
  }

  static float[][] onCpu(Model model, float[][] images) {
    try (CpuExecutor cpu = new CpuExecutor(model, 1, Providers.SCALAR)) {
      return cpu.run(images);
    }
  }

  private static void check(
      Model model, StorageType storage, float[][] images, float[][] expected, double bound) {
    try (CudaExecutor gpu = new CudaExecutor(model, storage, 2)) {
      float[][] found = gpu.run(images);
      for (int i = 0; i < images.length; i++) {
        assertThat(relativeError(found[i], expected[i]))
            .as("%s image %d", storage, i)
            .isLessThan(bound);
      }
    }
  }

  static Stream<Network> networks() {
    return new TreeMap<>(Families.MINI).values().stream();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void anImagesLogitsDoNotDependOnItsBatch(Network network) {
    Model model = Quantizer.model(network, Families.chosen(4, 8), 3);
    float[][] images = Filler.images(17, network.height(), network.width());
    float[][] expected = onCpu(model, images);
    try (CudaExecutor gpu = new CudaExecutor(model, StorageType.F32, LARGEST)) {
      float[][] whole = gpu.run(images);
      for (int i = 0; i < images.length; i++) {
        assertThat(relativeError(whole[i], expected[i])).as("image %d", i).isLessThan(2e-3);
      }
      for (int batch : BATCHES) {
        float[][] some = gpu.run(Arrays.copyOf(images, batch));
        for (int i = 0; i < batch; i++) {
          assertThat(relativeError(some[i], whole[i])).as("batch %d", batch).isLessThan(1e-4);
        }
      }
    }
  }

  /** Equal results to the bit need equal codes and equal sums; half precision rounds them once. */
  @ParameterizedTest
  @MethodSource("networks")
  void everyQuantizedLinearIsTheCpusForTheSameInput(Network network) {
    for (int[] bits : new int[][] {{8, 8}, {4, 4}}) {
      for (Function<Operation.Linear, Precision> precisions :
          List.of(Families.published(bits[0], bits[1]), Families.chosen(bits[0], bits[1]))) {
        Model model = Quantizer.model(network, precisions, 5);
        for (StorageType storage : List.of(StorageType.F32, StorageType.F16)) {
          compareLinears(model, storage);
        }
      }
    }
  }

  private static void compareLinears(Model model, StorageType storage) {
    Network network = model.network();
    Set<String> wanted = new HashSet<>();
    for (Operation.Linear linear : network.quantizableLinears()) {
      wanted.add(linear.input());
      wanted.add(linear.output());
    }
    Set<String> single =
        network.quantizableLinears().stream()
            .map(Operation.Linear::output)
            .filter(new Readers(network, wanted)::isPrecise)
            .collect(Collectors.toSet());
    Map<String, float[]> trace;
    try (CudaTracer tracer = new CudaTracer(model, storage == StorageType.F32, wanted)) {
      trace = tracer.trace(Filler.images(1, network.height(), network.width())[0]);
    }
    for (Operation.Linear linear : network.quantizableLinears()) {
      float[] expected = onCpu(model, linear, trace.get(linear.input()));
      if (!single.contains(linear.output())) {
        Half.round(expected, storage);
      }
      assertThat(trace.get(linear.output()))
          .as("%s of %s", linear.output(), storage)
          .isEqualTo(expected);
    }
  }

  private static float[] onCpu(Model model, Operation.Linear linear, float[] input) {
    ValueShape shape = model.network().shape(linear.output());
    float[] output = new float[shape.size()];
    CpuKernels.QuantizedLinear kernel = Providers.SCALAR.linear(QuantizedWeights.of(model, linear));
    kernel.apply(
        Matrix.of(input, shape.tokens(), linear.inFeatures()),
        Matrix.of(output, shape.tokens(), shape.channels()),
        0,
        shape.tokens(),
        ScalarReference.scratch());
    return output;
  }

  /** Norm of the difference over the norm of what is expected. */
  static double relativeError(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(found[i] - (double) expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}
