package io.github.ptq4vm.compiler.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.quantize.BlockCalibration;
import io.github.ptq4vm.compiler.quantize.ClippingSearch;
import io.github.ptq4vm.compiler.quantize.InputScale;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan;
import io.github.ptq4vm.compiler.quantize.Quantizers;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Observer;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What joint learning promises about a block. */
class JlssTest {
  private static final int IMAGES = 24;
  private static final int CHANNELS = 32;

  /** Every eighth image is held out. */
  private static final int HELD_OUT = 8;

  private final TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2);
  private final Section section = interpreter.network().sections().get(1);
  private final float[] stream =
      new BatchRunner(interpreter)
          .runFirst(
              interpreter.network().sections().get(0), Values.images(IMAGES, 32), Linears.FLOAT);
  private final BlockCalibration.Calibrated seen = calibrate(4, 4);

  @AfterEach
  void close() {
    interpreter.close();
  }

  private static Recipe recipe(int steps, double rate) {
    return new Recipe(Recipe.Method.PTQ4VM, 0.5, steps, 8, rate, 3);
  }

  private Map<String, LinearQuantizer> start(int weightBits, int activationBits) {
    return calibrate(weightBits, activationBits).quantizers().get(0);
  }

  private BlockCalibration.Calibrated calibrate(int weightBits, int activationBits) {
    return new BlockCalibration(interpreter, 0.5, ClippingSearch.published())
        .calibrate(
            section, stream, IMAGES, List.of(QuantizationPlan.ptq4vm(weightBits, activationBits)));
  }

  /** Steps so small that much is clipped: there is something to learn. */
  private Map<String, LinearQuantizer> clipped() {
    Map<String, LinearQuantizer> clipped = new HashMap<>();
    start(4, 4)
        .forEach(
            (name, q) ->
                clipped.put(
                    name,
                    new LinearQuantizer(
                        q.linear(),
                        q.precision(),
                        q.smoothing(),
                        scaled(q.weightStep()),
                        new InputScale.Static(
                            scaled(Quantizers.fixed(q).step()), Quantizers.fixed(q).zeroPoint()))));
    return clipped;
  }

  private static float[] scaled(float[] values) {
    float[] scaled = new float[values.length];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = 0.6f * values[i];
    }
    return scaled;
  }

  private Jlss jlss(Recipe recipe) {
    return new Jlss(interpreter, recipe, section, IMAGES, stream, seen.output());
  }

  /** Judges by the block's own loss. */
  private Jlss.Judge judge(float[] target) {
    int size = target.length / IMAGES;
    int[] judges = Jlss.judges(IMAGES);
    float[] wanted = new float[judges.length * size];
    for (int i = 0; i < judges.length; i++) {
      System.arraycopy(target, judges[i] * size, wanted, i * size, size);
    }
    int channels = interpreter.network().shape(section.output()).channels();
    return output ->
        new double[] {
          CosineLoss.evaluate(interpreter.parallel(), wanted, output, channels, new float[0])
        };
  }

  @ParameterizedTest
  @CsvSource({"8,8,0.3", "6,6,0.3", "4,8,0.3", "4,4,0.3", "4,4,30", "8,8,30"})
  void endsNoWorseThanItBegan(int weightBits, int activationBits, double rate) {
    Map<String, LinearQuantizer> start = start(weightBits, activationBits);
    List<Integer> steps = new ArrayList<>();
    Jlss.Outcome outcome = jlss(recipe(20, rate)).learn(start, judge(seen.output()), steps::add);

    assertThat(steps).hasSize(20).first().isEqualTo(1);
    assertThat(outcome.after()).isLessThanOrEqualTo(outcome.before());
    // What it says about itself is true of what it returns.
    double tolerance = 1e-5 * outcome.before() + 1e-9;
    assertThat(heldOutLoss(start)).isCloseTo(outcome.before(), within(tolerance));
    assertThat(heldOutLoss(outcome.quantizers())).isCloseTo(outcome.after(), within(tolerance));

    assertThat(outcome.quantizers().keySet()).isEqualTo(start.keySet());
    outcome
        .quantizers()
        .forEach(
            (name, learned) -> {
              assertThat(Quantizers.fixed(learned).zeroPoint())
                  .isEqualTo(Quantizers.fixed(start.get(name)).zeroPoint());
              for (float[] values : values(learned)) {
                for (float value : values) {
                  assertThat(value).isPositive().isFinite();
                }
              }
            });
  }

  @Test
  void theLastOfEveryEightImagesJudges() {
    assertThat(Jlss.judges(24)).containsExactly(7, 15, 23);
    assertThat(Jlss.judges(15)).containsExactly(7);
    assertThat(Jlss.judges(7)).containsExactly(0, 1, 2, 3, 4, 5, 6);
  }

  /**
   * The start, five moments, then four shares of the way to the mean; what is not best is undone.
   */
  @ParameterizedTest
  @CsvSource({
    "5 4 1 2 3 9 8 8 8 8, 2",
    "5 4 3 2 3 9 8 1 8 8, 7",
    "1 4 3 2 3 9 8 2 8 8, 0",
    "5 4 3 2 3 9 8 2 8 1, 9"
  })
  void keepsWhatItsJudgeLikesBest(String verdicts, int best) {
    double[] losses = Arrays.stream(verdicts.split(" ")).mapToDouble(Double::parseDouble).toArray();
    List<float[]> outputs = new ArrayList<>();
    Jlss.Outcome outcome =
        jlss(recipe(5, 0.3))
            .learn(
                clipped(),
                output -> {
                  outputs.add(output.clone());
                  return new double[] {losses[outputs.size() - 1]};
                },
                step -> {});
    assertThat(outcome.before()).isEqualTo(losses[0]);
    assertThat(outcome.after()).isEqualTo(1);
    assertThat(outputs).hasSize(10).doesNotHaveDuplicates();
    assertThat(output(outcome.quantizers())).containsExactly(outputs.get(best));
  }

  /** What is no number is worse than any: the start is kept without asking, and nothing by it. */
  @ParameterizedTest
  @CsvSource({
    "NaN 4 1 2 3 9 8 8 8 8, 2",
    "5 NaN 3 2 3 NaN 8 1 8 NaN, 7",
    "NaN NaN NaN NaN NaN NaN NaN NaN NaN NaN, 0",
    "Infinity NaN NaN NaN NaN NaN NaN NaN NaN NaN, 0"
  })
  void judgesThatSayNoNumber(String verdicts, int best) {
    double[] losses = Arrays.stream(verdicts.split(" ")).mapToDouble(Double::parseDouble).toArray();
    List<float[]> outputs = new ArrayList<>();
    Jlss.Outcome outcome =
        jlss(recipe(5, 0.3))
            .learn(
                clipped(),
                output -> {
                  outputs.add(output.clone());
                  return new double[] {losses[outputs.size() - 1]};
                },
                step -> {});
    assertThat(outcome.after()).isEqualTo(Double.valueOf(losses[best]));
    assertThat(output(outcome.quantizers())).containsExactly(outputs.get(best));
  }

  /** At most five moments, the last step always among them, before four shares of the mean. */
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1 2", "3, 1 2 3", "4, 1 2 3 4", "7, 1 3 4 6 7", "10, 2 4 6 8 10"})
  void momentsDivideTheWay(int steps, String moments) {
    List<Integer> judged = new ArrayList<>();
    int[] done = {0};
    jlss(recipe(steps, 0.3))
        .learn(
            start(4, 4),
            output -> {
              judged.add(done[0] + 1);
              return new double[] {1};
            },
            step -> done[0] = step);
    assertThat(judged.subList(1, judged.size() - 4))
        .isEqualTo(Arrays.stream(moments.split(" ")).map(Integer::valueOf).toList());
  }

  @Test
  void learnsFromABadStart() {
    Jlss.Outcome outcome = jlss(recipe(40, 0.3)).learn(clipped(), judge(seen.output()), step -> {});
    assertThat(outcome.after()).isLessThan(0.6 * outcome.before());
  }

  @Test
  void learnsTheSameEveryTime() {
    Jlss.Outcome first = jlss(recipe(10, 0.3)).learn(clipped(), judge(seen.output()), step -> {});
    Jlss.Outcome second = jlss(recipe(10, 0.3)).learn(clipped(), judge(seen.output()), step -> {});
    assertThat(first.after()).isEqualTo(second.after()).isLessThan(first.before());
    assertSame(first, second);
  }

  @Test
  void heldOutImagesJudgeButDoNotTeach() {
    // Both keep the end of the only step; it must be the same though the judges' images are not.
    List<float[]> first = new ArrayList<>();
    List<float[]> second = new ArrayList<>();
    Jlss.Outcome outcome =
        jlss(recipe(1, 0.05)).learn(clipped(), preferringTheSecond(first), step -> {});
    Jlss.Outcome other =
        new Jlss(
                interpreter,
                recipe(1, 0.05),
                section,
                IMAGES,
                withOtherHeldOut(stream),
                withOtherHeldOut(seen.output()))
            .learn(clipped(), preferringTheSecond(second), step -> {});
    assertThat(first.get(0)).isNotEqualTo(second.get(0));
    assertThat(first.get(0)).isNotEqualTo(first.get(1));
    assertSame(outcome, other);
    assertThat(output(outcome.quantizers())).containsExactly(first.get(1));
  }

  private static Jlss.Judge preferringTheSecond(List<float[]> outputs) {
    return output -> {
      outputs.add(output.clone());
      return new double[] {Math.abs(2 - outputs.size())};
    };
  }

  @Test
  void imagesThatAreNotHeldOutTeach() {
    float[] otherStream = stream.clone();
    float[] otherTarget = seen.output().clone();
    int size = stream.length / IMAGES;
    System.arraycopy(stream, 0, otherStream, size, size);
    System.arraycopy(seen.output(), 0, otherTarget, size, size);
    Recipe recipe = new Recipe(Recipe.Method.PTQ4VM, 0.5, 4, IMAGES, 0.3, 3);
    Jlss.Outcome first = jlss(recipe).learn(clipped(), judge(seen.output()), step -> {});
    Jlss.Outcome second =
        new Jlss(interpreter, recipe, section, IMAGES, otherStream, otherTarget)
            .learn(clipped(), judge(otherTarget), step -> {});
    assertThat(second.before()).isEqualTo(first.before());
    assertThat(second.after()).isNotEqualTo(first.after());
  }

  /** Gains of 1, 2 and 3 have a standard error of 1 / sqrt(3); those of -3, 2 and 4 of 2.08. */
  @Test
  void aSureGainExceedsItsStandardError() {
    assertThat(Jlss.surely(new double[] {5, 5, 5}, new double[] {4, 3, 2})).isTrue();
    assertThat(Jlss.surely(new double[] {5, 5, 5}, new double[] {8, 3, 1})).isFalse();
    assertThat(Jlss.surely(new double[] {5, 5, 5}, new double[] {6, 7, 8})).isFalse();
    assertThat(Jlss.surely(new double[] {5}, new double[] {1})).isFalse();
    assertThat(Jlss.surely(new double[] {5, 5}, new double[] {Double.NaN, 1})).isFalse();
  }

  /**
   * Where weights are rounded together, a quarter of the steps, and no gain that chance explains.
   */
  @ParameterizedTest
  @CsvSource({"4 4 4, true", "8 3 1, false"})
  void refinesWithCare(String verdict, boolean kept) {
    double[] learned = Arrays.stream(verdict.split(" ")).mapToDouble(Double::parseDouble).toArray();
    Map<String, LinearQuantizer> start = new HashMap<>();
    clipped().forEach((name, q) -> start.put(name, withFixedCodes(q)));
    List<Integer> steps = new ArrayList<>();
    List<float[]> outputs = new ArrayList<>();
    Jlss.Outcome outcome =
        jlss(recipe(10, 0.3))
            .learn(
                start,
                output -> {
                  outputs.add(output.clone());
                  return outputs.size() == 1 ? new double[] {5, 5, 5} : learned.clone();
                },
                steps::add);
    assertThat(steps).containsExactly(1, 2, 3);
    assertThat(outcome.before()).isEqualTo(5);
    assertThat(outcome.after()).isEqualTo(kept ? 4 : 5);
    assertThat(output(outcome.quantizers())).containsExactly(outputs.get(kept ? 1 : 0));
  }

  private LinearQuantizer withFixedCodes(LinearQuantizer q) {
    byte[] codes = new byte[q.linear().inFeatures() * q.linear().outFeatures()];
    Arrays.fill(codes, (byte) 1);
    return new LinearQuantizer(
        q.linear(), q.precision(), q.smoothing(), q.weightStep(), q.inputScale(), codes);
  }

  @Test
  void noStepsChangeNothing() {
    Map<String, LinearQuantizer> start = start(4, 4);
    Jlss.Outcome outcome = jlss(recipe(0, 0.3)).learn(start, judge(seen.output()), step -> {});
    assertThat(outcome.after()).isEqualTo(outcome.before());
    assertSame(outcome, new Jlss.Outcome(start, 0, 0));
  }

  /** Held-out images replaced by copies of the first one. */
  private static float[] withOtherHeldOut(float[] values) {
    float[] changed = values.clone();
    int size = values.length / IMAGES;
    for (int i = HELD_OUT - 1; i < IMAGES; i += HELD_OUT) {
      System.arraycopy(values, 0, changed, i * size, size);
    }
    return changed;
  }

  private double heldOutLoss(Map<String, LinearQuantizer> quantizers) {
    double[] output = Values.doubles(output(quantizers));
    return CosineLossTest.exact(heldOut(seen.output()), output, CHANNELS);
  }

  /** The block's output for the held-out images. */
  private float[] output(Map<String, LinearQuantizer> quantizers) {
    Map<String, LearningLinear> linears = new HashMap<>();
    quantizers.forEach((name, q) -> linears.put(name, new LearningLinear(interpreter, q)));
    return interpreter.run(
        section,
        heldOut(stream),
        IMAGES / HELD_OUT,
        linear -> linears.get(linear.output()).execution(),
        Observer.NONE);
  }

  private static float[] heldOut(float[] values) {
    int size = values.length / IMAGES;
    float[] heldOut = new float[IMAGES / HELD_OUT * size];
    for (int i = 0; i < IMAGES / HELD_OUT; i++) {
      System.arraycopy(values, ((i + 1) * HELD_OUT - 1) * size, heldOut, i * size, size);
    }
    return heldOut;
  }

  private static List<float[]> values(LinearQuantizer quantizer) {
    return List.of(
        quantizer.smoothing(), quantizer.weightStep(), Quantizers.numbers(quantizer.inputScale()));
  }

  private static void assertSame(Jlss.Outcome first, Jlss.Outcome second) {
    first
        .quantizers()
        .forEach(
            (name, quantizer) -> {
              LinearQuantizer other = second.quantizers().get(name);
              for (int i = 0; i < 3; i++) {
                assertThat(values(other).get(i))
                    .as("%s, parameter %d", name, i)
                    .containsExactly(values(quantizer).get(i));
              }
            });
  }
}
