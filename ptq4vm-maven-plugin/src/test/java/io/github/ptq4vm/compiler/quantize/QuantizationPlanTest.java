package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan.Ingredients;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.Section;
import java.util.List;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

/** A plan reaches each linear by its kind, in calibration of several plans at once too. */
class QuantizationPlanTest {
  private static final int IMAGES = 4;
  private static final QuantizationPlan NONE = QuantizationPlan.ptq4vm(4, 6);
  private static final QuantizationPlan MIXED =
      NONE.with("in_proj", Ingredients.NONE.withRotation(Rotation.HADAMARD))
          .with("x_proj", Ingredients.NONE.withScale(ActivationScale.DYNAMIC_PER_TOKEN))
          .with(
              "out_proj",
              new Ingredients(Rotation.HADAMARD, ActivationScale.DYNAMIC_PER_TOKEN, true));

  @Test
  void kindsChooseTheirIngredients() {
    List<Operation.Linear> linears = SmallModels.mini().network().quantizableLinears();
    for (Operation.Linear linear : linears) {
      Precision precision = MIXED.precision(linear);
      assertThat(precision.weightBits()).isEqualTo(4);
      assertThat(precision.activationBits()).isEqualTo(6);
      boolean rotated = List.of("in_proj", "out_proj").contains(linear.kind());
      boolean dynamic = List.of("x_proj", "out_proj").contains(linear.kind());
      assertThat(precision.rotation()).isEqualTo(rotated ? Rotation.HADAMARD : Rotation.NONE);
      assertThat(precision.scale() == ActivationScale.DYNAMIC_PER_TOKEN).isEqualTo(dynamic);
      assertThat(MIXED.hessianRounding(linear)).isEqualTo(linear.kind().equals("out_proj"));
      assertThat(NONE.precision(linear)).isEqualTo(Precision.staticPerToken(4, 6));
      assertThat(NONE.hessianRounding(linear)).isFalse();
    }
  }

  @Test
  void plansCalibratedTogetherAreAsIfAlone() {
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      Section section = interpreter.network().sections().get(1);
      float[] stream =
          new BatchRunner(interpreter)
              .runFirst(
                  interpreter.network().sections().get(0),
                  Values.images(IMAGES, 32),
                  Linears.FLOAT);
      BlockCalibration calibration =
          new BlockCalibration(interpreter, 0.5, ClippingSearch.crossFitted());
      List<QuantizationPlan> plans =
          List.of(MIXED, Quantizers.Inputs.DYNAMIC.plan(interpreter.network(), 4, 6), NONE);
      List<SortedMap<String, LinearQuantizer>> together =
          calibration.calibrate(section, stream, IMAGES, plans).quantizers();
      assertThat(together).hasSize(3);
      for (int i = 0; i < plans.size(); i++) {
        QuantizationPlan plan = plans.get(i);
        SortedMap<String, LinearQuantizer> alone =
            calibration.calibrate(section, stream, IMAGES, List.of(plan)).quantizers().get(0);
        assertThat(together.get(i)).usingRecursiveComparison().isEqualTo(alone);
        alone
            .values()
            .forEach(q -> assertThat(q.precision()).isEqualTo(plan.precision(q.linear())));
      }
    }
  }

  @Test
  void aQuantizerHasTheScaleItsPrecisionNames() {
    Operation.Linear linear = SmallModels.mini().network().quantizableLinears().get(0);
    assertThatThrownBy(
            () ->
                new LinearQuantizer(
                    linear,
                    Precision.staticPerToken(4, 4),
                    new float[1],
                    new float[1],
                    new InputScale.Dynamic(1f)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(linear.output())
        .hasMessageContaining("dynamic");
  }
}
