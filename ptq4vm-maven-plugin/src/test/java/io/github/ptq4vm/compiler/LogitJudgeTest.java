package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.learn.Jlss;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The judge looks at what reaches the logits, and at nothing else. */
class LogitJudgeTest {
  private static final int IMAGES = 17;

  private final TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2);
  private final BatchRunner runner = new BatchRunner(interpreter);
  private final float[][] images = Values.images(IMAGES, 32);
  private final LogitJudge judge = LogitJudge.of(interpreter, images);
  private final List<Section> sections = interpreter.network().sections();

  @AfterEach
  void close() {
    interpreter.close();
  }

  private float[][] heldOut() {
    return Arrays.stream(Jlss.judges(IMAGES)).mapToObj(i -> images[i]).toArray(float[][]::new);
  }

  /** Output of a section for the held-out images, in float32. */
  private float[] behind(Section last) {
    float[] stream = runner.runFirst(sections.get(0), heldOut(), Linears.FLOAT);
    for (Section section : sections.subList(1, sections.indexOf(last) + 1)) {
      stream =
          runner.run(section, stream, heldOut().length, Linears.FLOAT, BatchRunner.Observer.NONE);
    }
    return stream;
  }

  @Test
  void theFloatModelIsFaultless() {
    for (Section block : sections.subList(1, sections.size() - 1)) {
      assertThat(judge.behind(block).loss(behind(block))).isLessThan(1e-10);
    }
  }

  @Test
  void measuresTheNoiseOfTheLogits() {
    Section block = sections.get(2);
    float[] output = behind(block);
    for (int i = 0; i < output.length; i++) {
      output[i] += 0.1f * (i % 7 - 3);
    }
    float[] exact = runner.logits(heldOut(), Linears.FLOAT);
    float[] logits = output;
    for (Section section : sections.subList(3, sections.size())) {
      logits =
          runner.run(section, logits, heldOut().length, Linears.FLOAT, BatchRunner.Observer.NONE);
    }
    double expected = Math.pow(Values.relativeError(logits, Values.doubles(exact)), 2);
    assertThat(expected).isGreaterThan(1e-4);
    assertThat(judge.behind(block).loss(output)).isCloseTo(expected, within(1e-6 * expected));
  }

  /** A head of zeros: there is no energy to compare with, and still a loss that is a number. */
  @Test
  void logitsOfZeroAreJudgedToo() {
    SortedMap<String, Tensor> parameters = new TreeMap<>(interpreter.model().parameters());
    for (String name : List.of("head.weight", "head.bias")) {
      List<Integer> shape = interpreter.network().parameters().get(name).shape();
      parameters.put(name, new Tensor.Floats(shape, new float[Tensor.elements(shape)]));
    }
    Model silent = new Model(interpreter.network(), parameters);
    try (TensorInterpreter other = new TensorInterpreter(silent, 1)) {
      Section block = sections.get(2);
      assertThat(LogitJudge.of(other, images).behind(block).loss(behind(block))).isZero();
    }
  }

  @Test
  void tokensThatReachNoLogitDoNotCount() {
    Section last = sections.get(sections.size() - 2);
    int channels = 32;
    int middle = 8;
    float[] output = behind(last);
    for (int i = 0; i < output.length; i++) {
      output[i] += i / channels % 17 == middle ? 0 : 5;
    }
    assertThat(judge.behind(last).loss(output)).isLessThan(1e-10);
    output[middle * channels] += 1;
    assertThat(judge.behind(last).loss(output)).isGreaterThan(1e-4);
  }
}
