package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Arrays that are out are nobody else's; arrays that are back come again. */
class BuffersTest {
  private final Buffers buffers = new Buffers();

  @Test
  void recyclesWhatCameBack() {
    float[] first = buffers.take(10);
    float[] second = buffers.take(10);
    assertThat(second).isNotSameAs(first);
    buffers.release(first);
    assertThat(buffers.take(9)).hasSize(9);
    assertThat(buffers.take(10)).isSameAs(first);
  }

  @Test
  void anArrayThatIsBackIsNotGivenOutTwice() {
    float[] array = buffers.take(4);
    buffers.release(array);
    buffers.release(array);
    assertThat(buffers.take(4)).isSameAs(array);
    assertThat(buffers.take(4)).isNotSameAs(array);
  }

  @Test
  void leavesKeptAndForeignArraysAlone() {
    float[] kept = buffers.keep(buffers.take(4));
    buffers.release(new float[4]);
    buffers.releaseAll();
    assertThat(buffers.take(4)).isNotSameAs(kept);
  }

  @Test
  void trimForgets() {
    float[] array = buffers.take(4);
    buffers.releaseAll();
    buffers.trim();
    assertThat(buffers.take(4)).isNotSameAs(array);
  }
}
