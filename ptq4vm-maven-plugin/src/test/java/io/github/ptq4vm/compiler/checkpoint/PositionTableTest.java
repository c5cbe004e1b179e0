package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Expected numbers come from torch.nn.functional.interpolate(mode="bicubic", align_corners=False)
 * of PyTorch 2.13 on a grid of 3 x 3 with two channels.
 */
class PositionTableTest {
  private static final int SIDE = 3;
  private static final int CHANNELS = 2;

  private static float[] table() {
    float[] table = new float[SIDE * SIDE * CHANNELS];
    for (int i = 0; i < table.length; i++) {
      table[i] = (7 * i + 3 * i * i) % 11 / 4f - 1;
    }
    return table;
  }

  private static void check(int height, int width, float... expected) {
    float[] resized = PositionTable.resize(table(), CHANNELS, SIDE, height, width, false);
    assertThat(resized).containsExactly(expected, within(1e-5f));
    float[] withToken =
        PositionTable.resize(inserted(table()), CHANNELS, SIDE, height, width, true);
    assertThat(withToken).isEqualTo(inserted(resized));
  }

  /** A class token in the middle. */
  private static float[] inserted(float[] table) {
    int at = table.length / CHANNELS / 2 * CHANNELS;
    float[] with = Arrays.copyOf(table, table.length + CHANNELS);
    System.arraycopy(table, at, with, at + CHANNELS, table.length - at);
    with[at] = 100;
    with[at + 1] = -100;
    return with;
  }

  @Test
  void to4By5() {
    check(
        4,
        5,
        -1.2302238f,
        1.6722803f,
        -0.8172576f,
        0.9597093f,
        -0.0358887f,
        -0.0897217f,
        1.0154809f,
        -0.7625637f,
        1.7064464f,
        -1.0873870f,
        0.0045615f,
        1.5451280f,
        0.1077224f,
        1.3451848f,
        0.3747559f,
        0.7720947f,
        0.9117897f,
        -0.4808740f,
        1.2929504f,
        -1.3808390f,
        1.2929503f,
        0.7043840f,
        0.9117892f,
        1.1787292f,
        0.3747559f,
        1.4774170f,
        0.1077224f,
        0.3979573f,
        0.0045615f,
        -0.5466777f,
        1.7064464f,
        -0.2440576f,
        1.0154802f,
        0.5803010f,
        -0.0358887f,
        1.5179443f,
        -0.8172581f,
        1.2405876f,
        -1.2302238f,
        0.8139464f);
  }

  @Test
  void to2By2() {
    check(
        2,
        2,
        -0.5018501f,
        1.2594757f,
        1.1327095f,
        -0.8014908f,
        1.1327095f,
        0.5890694f,
        -0.5018501f,
        0.6530304f);
  }

  @Test
  void to1By6() {
    check(
        1,
        6,
        0.7763672f,
        1.2500000f,
        0.6845703f,
        1.3291016f,
        0.5302734f,
        1.4873047f,
        0.5302734f,
        0.7402344f,
        0.6845703f,
        -0.4902344f,
        0.7763672f,
        -1.2373047f);
  }

  @Test
  void to7By3() {
    check(
        7,
        3,
        -1.1913261f,
        1.5273324f,
        -0.0546646f,
        -0.1366615f,
        1.5819970f,
        -1.0000000f,
        -0.7981040f,
        1.4861516f,
        0.0670554f,
        0.1479600f,
        1.4322151f,
        -1.0229588f,
        -0.0634106f,
        1.4861511f,
        0.3425656f,
        0.6989797f,
        1.2485416f,
        -1.1836730f,
        0.7500000f,
        1.2500000f,
        0.5000000f,
        1.2500000f,
        0.7500000f,
        -1.0000000f,
        1.2485418f,
        0.6989797f,
        0.3425656f,
        1.4861512f,
        -0.0634106f,
        -0.2653064f,
        1.4322149f,
        0.1479600f,
        0.0670554f,
        1.4861512f,
        -0.7981039f,
        0.5382646f,
        1.5819972f,
        -0.1366618f,
        -0.0546647f,
        1.5273325f,
        -1.1913266f,
        0.9413266f);
  }

  @Test
  void sameGrid() {
    assertThat(PositionTable.resize(table(), CHANNELS, SIDE, SIDE, SIDE, false))
        .containsExactly(table(), within(1e-6f));
  }
}
