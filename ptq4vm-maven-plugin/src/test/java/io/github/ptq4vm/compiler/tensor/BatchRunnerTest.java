package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Section;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** More images than run at once give what each of them gives alone. */
class BatchRunnerTest {
  /** Of 17 tokens each: more than one batch of 8192 rows, and not a multiple of it. */
  private static final int MANY = 600;

  private final TensorInterpreter interpreter = new TensorInterpreter(SmallModels.mini(), 2);
  private final BatchRunner runner = new BatchRunner(interpreter);
  private final float[][] images = Values.images(4, 32);

  @AfterEach
  void close() {
    interpreter.close();
  }

  private float[][] many() {
    float[][] many = new float[MANY][];
    Arrays.setAll(many, i -> images[i * 7 % 4]);
    return many;
  }

  @Test
  void everyImageGetsItsOwnLogits() {
    float[][] alone = new float[4][];
    for (int i = 0; i < 4; i++) {
      alone[i] = runner.logits(new float[][] {images[i]}, Linears.FLOAT);
    }
    assertThat(alone[0]).isNotEqualTo(alone[1]);
    float[] together = runner.logits(many(), Linears.FLOAT);
    for (int i = 0; i < MANY; i++) {
      assertThat(Arrays.copyOfRange(together, i * 10, i * 10 + 10))
          .as("image %d", i)
          .containsExactly(alone[i * 7 % 4], within(2e-6f));
    }
  }

  @Test
  void sameRunSameBits() {
    assertThat(runner.logits(many(), Linears.FLOAT))
        .containsExactly(runner.logits(many(), Linears.FLOAT));
  }

  @Test
  void observersHearTheInputOfEveryImageOnce() {
    Section first = interpreter.network().sections().get(0);
    Section block = interpreter.network().sections().get(1);
    float[] stream = runner.runFirst(first, many(), Linears.FLOAT);
    int size = 17 * 32;
    float[] heard = new float[MANY * size];
    int[] count = new int[MANY];
    float[] output =
        runner.run(
            block,
            stream,
            MANY,
            Linears.FLOAT,
            (linear, firstImage, input) -> {
              if (linear.kind().equals("in_proj")) {
                for (int i = 0; i < input.length / size; i++) {
                  count[firstImage + i]++;
                }
                System.arraycopy(input, 0, heard, firstImage * size, input.length);
              }
            });
    assertThat(count).containsOnly(1);
    assertThat(output).hasSize(MANY * size);
    int last = (MANY - 1) * size;
    Section norm = new Section("norm", false, block.operations().subList(0, 1));
    float[] alone =
        interpreter.run(
            norm,
            Arrays.copyOfRange(stream, last, last + size),
            1,
            Linears.FLOAT,
            TensorInterpreter.Observer.NONE);
    assertThat(Arrays.copyOfRange(heard, last, last + size)).containsExactly(alone);
  }
}
