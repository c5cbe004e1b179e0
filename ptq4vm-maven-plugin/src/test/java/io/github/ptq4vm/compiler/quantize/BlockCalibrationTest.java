package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.quantize.BlockCalibration.Calibrated;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calibration of blocks whose inputs do not fit memory at once, and of padded sequences. */
class BlockCalibrationTest {
  private static final int IMAGES = 5;
  private static final QuantizationPlan W4A8 = QuantizationPlan.ptq4vm(4, 8);

  private static float[] stream(TensorInterpreter interpreter) {
    Network network = interpreter.network();
    return new BatchRunner(interpreter)
        .runFirst(
            network.sections().get(0),
            Values.images(IMAGES, network.height(), network.width()),
            Linears.FLOAT);
  }

  private static BlockCalibration calibration(TensorInterpreter interpreter, long bound) {
    return new BlockCalibration(interpreter, 0.5, ClippingSearch.crossFitted(), bound);
  }

  private static long bytes(TensorInterpreter interpreter, List<Operation.Linear> linears) {
    return linears.stream()
        .mapToLong(l -> 4L * IMAGES * interpreter.network().shape(l.input()).size())
        .sum();
  }

  @ParameterizedTest
  @EnumSource(SmallModels.Block.class)
  void passesDoNotMatter(SmallModels.Block kind) {
    try (TensorInterpreter interpreter = new TensorInterpreter(kind.model(), 2)) {
      Section section = interpreter.network().sections().get(1);
      float[] stream = stream(interpreter);
      BlockCalibration together = calibration(interpreter, Long.MAX_VALUE);
      Calibrated expected = together.calibrate(section, stream, IMAGES, List.of(W4A8));
      assertThat(together.passes(section, IMAGES)).hasSize(1);
      int linears = interpreter.network().quantizableLinears().size();
      assertThat(expected.quantizers().get(0)).hasSize(linears);

      for (long bound : new long[] {0, 4000}) {
        BlockCalibration bounded = calibration(interpreter, bound);
        assertThat(bounded.passes(section, IMAGES)).hasSizeGreaterThan(1);
        Calibrated found = bounded.calibrate(section, stream, IMAGES, List.of(W4A8));
        assertThat(found.output()).containsExactly(expected.output());
        assertThat(found.quantizers().get(0).keySet())
            .isEqualTo(expected.quantizers().get(0).keySet());
        found
            .quantizers()
            .get(0)
            .forEach(
                (name, q) ->
                    assertThat(q)
                        .as(name)
                        .usingRecursiveComparison()
                        .isEqualTo(expected.quantizers().get(0).get(name)));
      }
      assertThat(calibration(interpreter, 0).passes(section, IMAGES)).hasSize(linears);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 4000, 8000, 20_000, 1 << 30})
  void passesKeepTheBound(long bound) {
    try (TensorInterpreter interpreter =
        new TensorInterpreter(SmallModels.Block.LOCAL_VMAMBA.model(), 1)) {
      Section section = interpreter.network().sections().get(1);
      List<List<Operation.Linear>> passes = calibration(interpreter, bound).passes(section, IMAGES);
      for (List<Operation.Linear> pass : passes) {
        if (pass.size() > 1) {
          assertThat(bytes(interpreter, pass)).isLessThanOrEqualTo(bound);
        }
      }
      for (int i = 1; i < passes.size(); i++) {
        // No pass leaves room for the first linear of the next one.
        List<Operation.Linear> more = new ArrayList<>(passes.get(i - 1));
        more.add(passes.get(i).get(0));
        assertThat(bytes(interpreter, more)).isGreaterThan(bound);
      }
      assertThat(passes.stream().flatMap(Collection::stream).toList())
          .isEqualTo(interpreter.network().quantizableLinears());
    }
  }

  /** Windows of 2 x 2 on a grid of 2 x 3 leave two of eight tokens empty. */
  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void zeroTokensStayZero(int bits) {
    try (TensorInterpreter interpreter =
        new TensorInterpreter(SmallModels.Block.LOCAL_VMAMBA.model(), 1)) {
      Section section = interpreter.network().sections().get(1);
      Calibrated calibrated =
          calibration(interpreter, Long.MAX_VALUE)
              .calibrate(
                  section,
                  stream(interpreter),
                  IMAGES,
                  List.of(QuantizationPlan.ptq4vm(bits, bits)));
      int empty = 0;
      for (LinearQuantizer q : calibrated.quantizers().get(0).values()) {
        int in = q.linear().inFeatures();
        int out = q.linear().outFeatures();
        InputScale.Static scale = Quantizers.fixed(q);
        int tokens = scale.step().length;
        assertThat(tokens).isEqualTo(interpreter.network().shape(q.linear().input()).tokens());
        SimulatedLinear simulated = new SimulatedLinear(interpreter, q);
        assertThat(simulated.centredCodes(tokens, new float[tokens * in], scale)).containsOnly(0f);
        float[] bias =
            q.linear().hasBias() ? interpreter.model().floats(q.linear().bias()) : new float[0];
        float[] y = Values.gaussian(1, tokens * out);
        simulated.forward(tokens, new float[tokens * in], bias, y);
        for (int i = 0; i < y.length; i++) {
          assertThat(y[i]).isEqualTo(bias.length == 0 ? 0f : bias[i % out]);
        }
        for (int t = 0; t < tokens; t++) {
          assertThat(scale.step()[t]).isGreaterThanOrEqualTo(LinearQuantizer.SMALLEST).isFinite();
          assertThat(scale.zeroPoint()[t]).isBetween(0, q.precision().activationLimit());
          empty += scale.step()[t] == LinearQuantizer.SMALLEST ? 1 : 0;
        }
      }
      // Two empty tokens in x_proj and dt_proj of two directions.
      assertThat(empty).isEqualTo(8);
    }
  }
}
