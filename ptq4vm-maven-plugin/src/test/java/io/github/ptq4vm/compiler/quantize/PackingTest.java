package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.ElementType;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the runtime finds in a packed model, byte by byte. */
class PackingTest {
  private static final float[] WEIGHT = {-7, 6, -5, 4, -3, 2, -1, 0, 100, -100};

  private static Model pack(Precision precision, int zeroPoint) {
    try (TensorInterpreter interpreter =
        new TensorInterpreter(SmallModels.linear(2, 5, 2, WEIGHT), 1)) {
      Operation.Linear linear = interpreter.network().quantizableLinears().get(0);
      LinearQuantizer quantizer =
          new LinearQuantizer(
              linear,
              precision,
              new float[] {1, 1, 1, 0.5f, 1},
              new float[] {1, 1},
              new InputScale.Static(new float[] {0.25f, 0.5f}, new int[] {zeroPoint, 0}));
      return Packing.pack(interpreter, Map.of(linear.output(), quantizer));
    }
  }

  @Test
  void eightBitsAreBytes() {
    Model packed = pack(Precision.staticPerToken(8, 8), 255);
    assertThat(packed.bytes("weight")).containsExactly(-7, 6, -5, 2, -3, 2, -1, 0, 50, -100);
    assertThat(packed.parameters().get("weight").type()).isEqualTo(ElementType.I8);
    assertThat(packed.bytes("linear.input_zero_point")).containsExactly(255, 0);
    assertThat(packed.floats("linear.input_smoothing")).containsExactly(1, 1, 1, 2, 1);
    assertThat(packed.floats("linear.input_step")).containsExactly(0.25f, 0.5f);
    assertThat(packed.network().quantizableLinears().get(0).precision())
        .isEqualTo(Precision.staticPerToken(8, 8));
  }

  @Test
  void fourBitsArePairsWithTheEvenChannelLow() {
    Model packed = pack(Precision.staticPerToken(4, 4), 15);
    assertThat(packed.parameters().get("weight").shape()).isEqualTo(List.of(2, 3));
    // Codes -7 6 | -5 2 | -3 and, clipped to seven, 2 -1 | 0 7 | -7.
    assertThat(packed.bytes("weight")).containsExactly(0x69, 0x2b, 0x0d, (byte) 0xf2, 0x70, 0x09);
  }

  @Test
  void aDynamicScaleIsOneNumberAndFixedCodesStay() {
    byte[] codes = {1, -2, 3, -4, 5, -6, 7, -7, 0, 1};
    Precision precision = new Precision(8, 4, ActivationScale.DYNAMIC_PER_TOKEN, Rotation.HADAMARD);
    try (TensorInterpreter interpreter =
        new TensorInterpreter(SmallModels.linear(2, 5, 2, WEIGHT), 1)) {
      Operation.Linear linear = interpreter.network().quantizableLinears().get(0);
      float[] ones = {1, 1, 1, 1, 1};
      LinearQuantizer quantizer =
          new LinearQuantizer(
              linear, precision, ones, new float[] {1, 1}, new InputScale.Dynamic(0.875f), codes);
      Model packed = Packing.pack(interpreter, Map.of(linear.output(), quantizer));
      assertThat(packed.bytes("weight")).containsExactly(codes);
      assertThat(packed.floats("linear.input_range")).containsExactly(0.875f);
      assertThat(packed.parameters()).doesNotContainKeys("linear.input_step");
      assertThat(packed.network().quantizableLinears().get(0).precision()).isEqualTo(precision);
    }
  }
}
