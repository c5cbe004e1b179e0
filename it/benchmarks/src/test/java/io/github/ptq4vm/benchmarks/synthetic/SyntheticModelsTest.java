package io.github.ptq4vm.benchmarks.synthetic;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.VMamba.Generation;
import io.github.ptq4vm.network.VisionMamba;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SyntheticModelsTest {

  static Stream<Network> networks() {
    return Stream.of(
        new VisionMamba(48, 96, 3, 16, 3, 4, 16, 16, 64, 10).network(),
        new VMamba(
                64,
                32,
                10,
                List.of(new VMamba.Stage(24, 1, 24, 2, 96), new VMamba.Stage(48, 1, 48, 3, 192)),
                1,
                Generation.V2)
            .network());
  }

  @ParameterizedTest
  @MethodSource("networks")
  void eightBitsComeCloseToTheFloatModelAndFourLessSo(Network network) {
    Model floats = FillerModels.fill(network);
    for (RecipePlan recipe : RecipePlan.values()) {
      double eight = decibels(floats, SyntheticModels.quantize(floats, recipe, 8, 8));
      double four = decibels(floats, SyntheticModels.quantize(floats, recipe, 4, 4));

      assertThat(eight).as(recipe.id()).isGreaterThan(20);
      assertThat(four).as(recipe.id()).isBetween(-3.0, eight - 6);
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void recipesDifferInTheirAttributesAlone(Network network) {
    Network auto = RecipePlan.AUTO.apply(network, 4, 8);
    Network ptq4vm = RecipePlan.PTQ4VM.apply(network, 4, 8);

    assertThat(auto.mapLinears(linear -> linear.withPrecision(null))).isEqualTo(network);
    for (Operation.Linear linear : ptq4vm.quantizableLinears()) {
      assertThat(linear.precision().scale()).isEqualTo(ActivationScale.STATIC_PER_TOKEN);
      assertThat(linear.precision().rotation()).isEqualTo(Rotation.NONE);
      assertThat(linear.precision().weightBits()).isEqualTo(4);
      assertThat(linear.precision().activationBits()).isEqualTo(8);
    }
    for (Operation.Linear linear : auto.quantizableLinears()) {
      boolean second = linear.kind().equals("fc2");
      assertThat(linear.precision().scale() == ActivationScale.STATIC_PER_TOKEN).isEqualTo(second);
      assertThat(linear.precision().rotation() == Rotation.HADAMARD)
          .isEqualTo(second || linear.kind().equals("out_proj"));
    }
  }

  /** Signal to noise of the logits, of an image other than the one that set the ranges. */
  private static double decibels(Model floats, Model quantized) {
    float[][] image = {SyntheticModels.image(floats.network(), 1)};
    try (CpuExecutor one = new CpuExecutor(floats, 1);
        CpuExecutor other = new CpuExecutor(quantized, 1)) {
      float[] expected = one.run(image)[0];
      float[] actual = other.run(image)[0];
      double signal = 0;
      double noise = 0;
      for (int i = 0; i < expected.length; i++) {
        signal += expected[i] * expected[i];
        noise += (expected[i] - actual[i]) * (expected[i] - actual[i]);
      }
      return 10 * Math.log10(signal / noise);
    }
  }
}
