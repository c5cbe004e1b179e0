package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sums of products of codes are exact however large they get. */
class SimulatedLinearTest {

  private static LinearQuantizer quantizer(
      Operation.Linear linear, Precision precision, int tokens) {
    float[] ones = new float[Math.max(linear.inFeatures(), linear.outFeatures())];
    Arrays.fill(ones, 1f);

    return new LinearQuantizer(
        linear,
        precision,
        Arrays.copyOf(ones, linear.inFeatures()),
        Arrays.copyOf(ones, linear.outFeatures()),
        new InputScale.Static(Arrays.copyOf(ones, tokens), new int[tokens]));
  }

  @ParameterizedTest
  @CsvSource({"8,8,1", "8,8,518", "8,8,519", "8,8,1536", "6,6,3072", "4,8,3072", "4,4,40"})
  void largestSumsAreExact(int weightBits, int activationBits, int channels) {
    Precision precision = Precision.staticPerToken(weightBits, activationBits);
    int limit = precision.weightLimit();
    Random random = new Random(3);
    // Row 0 all at the limit, row 1 at its negative, row 2 odd and even in turn, row 3 anything.
    float[] weight = new float[4 * channels];
    for (int c = 0; c < channels; c++) {
      weight[c] = limit;
      weight[channels + c] = -limit;
      weight[2 * channels + c] = limit - c % 2;
      weight[3 * channels + c] = random.nextInt(2 * limit + 1) - limit;
    }

    try (TensorInterpreter interpreter =
        new TensorInterpreter(SmallModels.linear(2, channels, 4, weight), 2)) {
      Operation.Linear linear = interpreter.network().quantizableLinears().get(0);
      LinearQuantizer quantizer = quantizer(linear, precision, 2);
      SimulatedLinear simulated = new SimulatedLinear(interpreter, quantizer);
      float[] x = Values.uniform(5, 2 * channels, 0, precision.activationLimit() + 1.0);
      Arrays.fill(x, 0, channels, precision.activationLimit());
      float[] codes = simulated.centredCodes(2, x, simulated.scales(2, x));
      int[] sums = simulated.accumulators(2, codes);
      for (int t = 0; t < 2; t++) {
        for (int o = 0; o < 4; o++) {
          long expected = 0;
          for (int c = 0; c < channels; c++) {
            expected += (long) codes[t * channels + c] * (long) weight[o * channels + c];
          }
          assertThat((long) sums[t * 4 + o]).as("token %d, output %d", t, o).isEqualTo(expected);
        }
      }
      assertThat(sums[0]).isEqualTo(channels * limit * precision.activationLimit());
    }
  }
}
