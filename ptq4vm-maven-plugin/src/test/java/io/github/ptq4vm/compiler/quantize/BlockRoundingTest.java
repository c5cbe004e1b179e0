package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rounding of a block's weights together: in what order, by which images, and to what end. */
class BlockRoundingTest {
  private static final int IMAGES = 16;
  private static final int[] HELD_OUT = {7, 15};

  private final TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2);
  private final BatchRunner runner = new BatchRunner(interpreter);
  private final Section section = interpreter.network().sections().get(1);
  private final float[] stream =
      runner.runFirst(
          interpreter.network().sections().get(0), Values.images(IMAGES, 32), Linears.FLOAT);
  private final float[] exact =
      runner.run(section, stream, IMAGES, Linears.FLOAT, BatchRunner.Observer.NONE);

  @AfterEach
  void close() {
    interpreter.close();
  }

  private SortedMap<String, LinearQuantizer> calibrated(QuantizationPlan plan) {
    return new BlockCalibration(interpreter, 0.5, ClippingSearch.crossFitted())
        .calibrate(section, stream, IMAGES, List.of(plan))
        .quantizers()
        .get(0);
  }

  private SortedMap<String, LinearQuantizer> round(
      QuantizationPlan plan, float[] quantized, ToDoubleFunction<float[]> judge) {
    return rounding().round(plan, calibrated(plan), IMAGES, stream, quantized, judge);
  }

  private BlockRounding rounding() {
    return new BlockRounding(
        interpreter, ClippingSearch.crossFitted(), Rounding.of(true, true), section, HELD_OUT);
  }

  private QuantizationPlan everywhere(Quantizers.Inputs inputs) {
    QuantizationPlan plan = inputs.plan(interpreter.network(), 4, 8);
    for (Operation.Linear linear : interpreter.network().quantizableLinears()) {
      plan = plan.with(linear.kind(), plan.of(linear.kind()).withHessianRounding(true));
    }
    return plan;
  }

  /** Squared difference from the float block's output. */
  private double error(SortedMap<String, LinearQuantizer> quantizers) {
    float[] output =
        runner.run(
            section,
            stream,
            IMAGES,
            SimulatedLinear.all(interpreter, quantizers),
            BatchRunner.Observer.NONE);
    return Values.relativeError(output, Values.doubles(exact));
  }

  private double heldOutError(float[] output) {
    float[] wanted = BatchRunner.take(exact, exact.length / IMAGES, HELD_OUT);
    return Values.relativeError(output, Values.doubles(wanted));
  }

  @Test
  void laterLinearsComeLater() {
    BlockRounding rounding = rounding();
    assertThat(rounding.groups(everywhere(Quantizers.Inputs.STATIC)))
        .extracting(group -> group.stream().map(Operation.Linear::kind).toList())
        .containsExactly(
            List.of("in_proj"),
            List.of("x_proj", "x_proj"),
            List.of("dt_proj", "dt_proj"),
            List.of("out_proj"));
    assertThat(rounding.groups(QuantizationPlan.ptq4vm(4, 4))).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Quantizers.Inputs.class)
  void bringsTheBlockNearer(Quantizers.Inputs inputs) {
    QuantizationPlan plan = everywhere(inputs);
    SortedMap<String, LinearQuantizer> rounded = round(plan, stream, this::heldOutError);
    // Where there are few channels rounding to nearest may be as good.
    assertThat(rounded.values()).anyMatch(q -> q.fixedCodes() != null);
    assertThat(error(rounded)).isLessThan(error(calibrated(plan)));
  }

  @Test
  void leavesAloneWhatThePlanDoesNotName() {
    QuantizationPlan plan =
        QuantizationPlan.ptq4vm(4, 4)
            .with("out_proj", QuantizationPlan.Ingredients.NONE.withHessianRounding(true));
    SortedMap<String, LinearQuantizer> start = calibrated(plan);
    SortedMap<String, LinearQuantizer> rounded = round(plan, stream, this::heldOutError);
    assertThat(rounded.keySet()).isEqualTo(start.keySet());
    rounded.forEach(
        (name, q) -> {
          if (q.linear().kind().equals("out_proj")) {
            assertThat(q.fixedCodes()).isNotNull();
            assertThat(q.smoothing()).isEqualTo(start.get(name).smoothing());
            assertThat(q.inputScale())
                .usingRecursiveComparison()
                .isEqualTo(start.get(name).inputScale());
          } else {
            assertThat(q).usingRecursiveComparison().isEqualTo(start.get(name));
          }
        });
  }

  /** The quantized stream's held-out images reach the judge, and nothing else. */
  @Test
  void heldOutImagesJudgeButDoNotTeach() {
    QuantizationPlan plan = everywhere(Quantizers.Inputs.DYNAMIC);
    float[] other = stream.clone();
    int size = stream.length / IMAGES;
    for (int image : HELD_OUT) {
      System.arraycopy(stream, 0, other, image * size, size);
    }
    List<float[]> outputs = new ArrayList<>();
    SortedMap<String, LinearQuantizer> first = round(plan, stream, preferringTheLast(outputs));
    SortedMap<String, LinearQuantizer> second =
        round(plan, other, preferringTheLast(new ArrayList<>()));
    assertThat(second).usingRecursiveComparison().isEqualTo(first);
    assertThat(outputs).hasSize(4 * (1 + Rounding.of(true, true).moves().size()));
    assertThat(outputs.get(0).length).isEqualTo(exact.length / IMAGES * HELD_OUT.length);
    assertThat(first.values()).allMatch(q -> q.fixedCodes() != null);

    // Where nothing is better than rounding to nearest, that stays.
    SortedMap<String, LinearQuantizer> nearest = round(plan, stream, output -> 0);
    assertThat(nearest).usingRecursiveComparison().isEqualTo(calibrated(plan));
  }

  private static ToDoubleFunction<float[]> preferringTheLast(List<float[]> outputs) {
    return output -> {
      outputs.add(output);
      return -outputs.size();
    };
  }
}
