package io.github.ptq4vm.compiler.learn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchesTest {
  private static final int[] IMAGES = {3, 5, 7, 9, 11, 13};

  private static int[] draw(Batches batches, int count) {
    return IntStream.range(0, count)
        .boxed()
        .flatMapToInt(i -> Arrays.stream(batches.next()))
        .toArray();
  }

  @Test
  void everyImageComesOnceBeforeAnyComesAgain() {
    int[] drawn = draw(new Batches(IMAGES, 4, 1), 9);
    for (int from = 0; from < drawn.length; from += IMAGES.length) {
      assertThat(Arrays.copyOfRange(drawn, from, from + IMAGES.length))
          .containsExactlyInAnyOrder(IMAGES);
    }
    assertThat(Arrays.copyOfRange(drawn, 0, 6)).isNotEqualTo(Arrays.copyOfRange(drawn, 6, 12));
  }

  @Test
  void theSeedDecidesTheOrder() {
    int[] drawn = draw(new Batches(IMAGES, 4, 1), 9);
    assertThat(draw(new Batches(IMAGES, 4, 1), 9)).isEqualTo(drawn);
    assertThat(draw(new Batches(IMAGES, 4, 2), 9)).isNotEqualTo(drawn);
  }

  @Test
  void aBatchIsNoLargerThanThereAreImages() {
    assertThat(new Batches(IMAGES, 40, 1).next()).containsExactlyInAnyOrder(IMAGES);
  }
}
