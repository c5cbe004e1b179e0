package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.learn.Jlss;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.quantize.Packing;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan.Ingredients;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Rotation;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A whole model quantized by a plan, with learning and without. */
class ModelQuantizerTest {
  private static final int IMAGES = 16;
  private static final Ingredients ALL =
      new Ingredients(Rotation.HADAMARD, ActivationScale.DYNAMIC_PER_TOKEN, true);
  private static final QuantizationPlan MIXED =
      QuantizationPlan.ptq4vm(4, 4)
          .with("in_proj", ALL)
          .with("x_proj", Ingredients.NONE.withRotation(Rotation.HADAMARD))
          .with("out_proj", ALL);

  private final float[][] images = Values.images(IMAGES, 32);

  private static CompileListener silent() {
    return new CompileListener() {
      @Override
      public void info(String message) {}

      @Override
      public void warn(String message) {}

      @Override
      public void progress(String task, long done, long total, String unit) {}
    };
  }

  private ModelQuantizer quantized(
      TensorInterpreter interpreter, QuantizationPlan plan, int steps) {
    ModelQuantizer quantizer =
        new ModelQuantizer(
            interpreter, new Recipe(Recipe.Method.PTQ4VM, 0.5, steps, 8, 0.3, 0), silent());
    quantizer.quantize("test", plan, images);
    return quantizer;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void thePlanReachesEachLinearAndTheRuntime(int steps) {
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      ModelQuantizer quantizer = quantized(interpreter, MIXED, steps);
      Model packed = Packing.pack(interpreter, quantizer.quantizers());
      int fixed = 0;
      for (Operation.Linear linear : packed.network().quantizableLinears()) {
        assertThat(linear.precision()).isEqualTo(MIXED.precision(linear));
        LinearQuantizer found = quantizer.quantizers().get(linear.output());
        // The judges may prefer rounding to nearest.
        if (!MIXED.hessianRounding(linear)) {
          assertThat(found.fixedCodes()).isNull();
        }
        fixed += found.fixedCodes() == null ? 0 : 1;
      }
      assertThat(fixed).isPositive();
      float[] simulated = quantizer.logits(images);
      try (CpuExecutor executor = new CpuExecutor(packed, 2)) {
        float[][] logits = executor.run(images);
        int classes = logits[0].length;
        for (int i = 0; i < IMAGES; i++) {
          float[] own = Arrays.copyOfRange(simulated, i * classes, (i + 1) * classes);
          assertThat(Values.relativeError(logits[i], Values.doubles(own))).isLessThan(0.05);
        }
      }
      for (ModelQuantizer.BlockReport report : quantizer.reports()) {
        assertThat(report.after()).isLessThanOrEqualTo(report.before());
      }
    }
  }

  @Test
  void sameNumbersOnEveryRun() {
    SortedMap<String, LinearQuantizer> first;
    SortedMap<String, LinearQuantizer> second;
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      first = quantized(interpreter, MIXED, 2).quantizers();
    }
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      second = quantized(interpreter, MIXED, 2).quantizers();
    }
    assertThat(second).usingRecursiveComparison().isEqualTo(first);
  }

  @Test
  void judgesQuantizersByTheHeldOutLogits() {
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2)) {
      ModelQuantizer quantizer = quantized(interpreter, MIXED, 0);
      LogitJudge judge = LogitJudge.of(interpreter, images);
      int[] judges = Jlss.judges(IMAGES);
      float[][] heldOut = Arrays.stream(judges).mapToObj(i -> images[i]).toArray(float[][]::new);
      float[] exact = new BatchRunner(interpreter).logits(heldOut, TensorInterpreter.Linears.FLOAT);
      double error = Values.relativeError(quantizer.logits(heldOut), Values.doubles(exact));
      double expected = error * error;
      assertThat(expected).isPositive();
      assertThat(judge.loss(quantizer.quantizers())).isCloseTo(expected, within(1e-6 * expected));
      assertThat(judge.loss(Map.of())).isLessThan(1e-10);
    }
  }
}
