package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The order of docs/gpu.md, from the side of the lane that reads it. */
class WeightLayoutTest {

  @Property(tries = 100)
  void everyLaneFindsItsCodes(
      @ForAll @IntRange(min = 1, max = 100) int out,
      @ForAll @IntRange(min = 1, max = 100) int in,
      @ForAll boolean fourBits,
      @ForAll long seed) {
    Random random = new Random(seed);
    byte[] codes = new byte[out * in];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (fourBits ? random.nextInt(16) - 8 : random.nextInt(255) - 127);
    }
    byte[] ordered = WeightLayout.of(codes, out, in, fourBits);

    int blocks = (in + 31) / 32;
    int groups = (out + 31) / 32;
    assertThat(ordered).hasSize(groups * blocks * (fourBits ? 512 : 1024));
    for (int g = 0; g < groups; g++) {
      for (int b = 0; b < blocks; b++) {
        for (int lane = 0; lane < 32; lane++) {
          for (int tile = 0; tile < 4; tile++) {
            int n = lane / 4;
            int column = 32 * g + 8 * (n / 2) + 2 * tile + n % 2;
            for (int i = 0; i < 4; i++) {
              int low = 32 * b + 4 * (lane % 4) + i;
              int high = low + 16;
              int lowFound;
              int highFound;
              if (fourBits) {
                int both = ordered[((g * blocks + b) * 32 + lane) * 16 + 4 * tile + i];
                lowFound = both << 28 >> 28;
                highFound = both << 24 >> 28;
              } else {
                int at = (((g * blocks + b) * 2 + tile / 2) * 32 + lane) * 16 + tile % 2 * 8 + i;
                lowFound = ordered[at];
                highFound = ordered[at + 4];
              }
              assertThat(lowFound).isEqualTo(code(codes, out, in, column, low));
              assertThat(highFound).isEqualTo(code(codes, out, in, column, high));
            }
          }
        }
      }
    }
  }

  private static int code(byte[] codes, int out, int in, int o, int k) {
    return o < out && k < in ? codes[o * in + k] : 0;
  }
}
