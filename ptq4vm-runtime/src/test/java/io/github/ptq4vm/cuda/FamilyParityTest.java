package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.cpu.Providers;
import io.github.ptq4vm.cpu.Quantizer;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Logits of small networks of all families against the scalar kernels of the CPU. */
@EmulatedGpu
class FamilyParityTest {
  private static final int[] BATCHES = {1, 2, 3, 5, 17};

  static Stream<Arguments> cases() {
    int[][] widths = {{8, 8}, {6, 6}, {4, 8}, {4, 4}};
    List<Arguments> cases = new ArrayList<>();
    new TreeMap<>(Families.MINI)
        .forEach(
            (name, network) -> {
              for (int[] bits : widths) {
                String suffix = " W" + bits[0] + "A" + bits[1];
                cases.add(
                    Arguments.of(name + suffix, network, Families.published(bits[0], bits[1])));
                cases.add(
                    Arguments.of(
                        name + suffix + " chosen", network, Families.chosen(bits[0], bits[1])));
              }
            });
    return cases.stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void logits(String name, Network network, Function<Operation.Linear, Precision> precisions) {
    Model model = Quantizer.model(network, precisions, name.hashCode());
    float[][] images = Filler.images(17, network.height(), network.width());
    float[][] expected;
    try (CpuExecutor cpu = new CpuExecutor(model, 1, Providers.SCALAR)) {
      expected = cpu.run(images);
    }
    for (Map.Entry<StorageType, Double> bound :
        Map.of(StorageType.F32, 1e-4, StorageType.F16, 2e-2).entrySet()) {
      try (CudaExecutor gpu = new CudaExecutor(model, bound.getKey(), 8)) {
        for (int batch : BATCHES) {
          float[][] found = gpu.run(java.util.Arrays.copyOf(images, batch));
          for (int i = 0; i < batch; i++) {
            double error = relativeError(found[i], expected[i]);
            System.out.println(name + " " + bound.getKey() + " " + batch + " " + i + " " + error);
          }
        }
      }
    }
    assertThat(expected).isNotNull();
  }

  /** Norm of the difference over the norm of what is expected. */
  static double relativeError(float[] found, float[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(found[i] - (double) expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}
