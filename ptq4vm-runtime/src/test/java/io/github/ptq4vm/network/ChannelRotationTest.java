package io.github.ptq4vm.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelRotationTest {

  /** Row c is the image of the unit vector c. */
  private static float[] images(int channels) {
    float[] rows = new float[channels * channels];
    for (int c = 0; c < channels; c++) {
      rows[c * channels + c] = 1;
    }
    ChannelRotation.of(channels).apply(rows);
    return rows;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 6, 7, 8, 9, 12, 14, 20, 24, 40, 48, 60, 64, 80, 96, 192, 384})
  void isOrthogonal(int channels) {
    float[] rows = images(channels);
    for (int a = 0; a < channels; a++) {
      for (int b = 0; b <= a; b++) {
        double product = 0;
        for (int c = 0; c < channels; c++) {
          product += (double) rows[a * channels + c] * rows[b * channels + c];
        }
        assertThat(product).isCloseTo(a == b ? 1 : 0, within(1e-5));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1,1", "64,1", "256,1", "96,12", "192,12", "384,12", "768,12", "1536,12", "12,12", "20,20",
    "40,20", "160,20", "6,3", "10,5", "28,7", "144,9"
  })
  void isAFastTransformTimesASmallMatrix(int channels, int base) {
    ChannelRotation rotation = ChannelRotation.of(channels);
    assertThat(rotation.base()).isEqualTo(base);
    assertThat(rotation.base() * rotation.length()).isEqualTo(channels);
    assertThat(Integer.bitCount(rotation.length())).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 96, 192, 160})
  void spreadsEachChannelOverAllEvenly(int channels) {
    for (float value : images(channels)) {
      assertThat(Math.abs(value)).isCloseTo((float) (1 / Math.sqrt(channels)), within(1e-6f));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 192, 384})
  void spreadsAConstantToo(int channels) {
    float[] constant = new float[channels];
    java.util.Arrays.fill(constant, 1);
    ChannelRotation.of(channels).apply(constant);
    for (float value : constant) {
      assertThat(Math.abs(value)).isLessThan(0.4f * (float) Math.sqrt(channels));
    }
  }

  /** Sylvester's matrix of order 4, by hand. */
  @Test
  void multipliesByAHadamardMatrix() {
    ChannelRotation rotation = ChannelRotation.of(4);
    float[] values = {1, 2, 3, 5};
    float[] signed = new float[4];
    for (int c = 0; c < 4; c++) {
      signed[c] = values[c] * rotation.scale()[c];
      assertThat(Math.abs(rotation.scale()[c])).isEqualTo(0.5f);
    }
    rotation.apply(values);
    float a = signed[0];
    float b = signed[1];
    float c = signed[2];
    float d = signed[3];
    assertThat(values)
        .containsExactly(
            (a + b) + (c + d), (a - b) + (c - d), (a + b) - (c + d), (a - b) - (c - d));
  }

  @Test
  void needsChannels() {
    assertThatThrownBy(() -> ChannelRotation.of(0)).hasMessageContaining("0 channels");
  }
}
