package io.github.ptq4vm.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.image.Preprocessing.Interpolation;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PillowResizeTest {

  /** Checksum, first red, middle green and last blue value of Pillow 12.3's results. */
  @ParameterizedTest
  @CsvSource({
    "BICUBIC, 64, 64, 64, 64, 27965d0d, 7, 188, 187",
    "BICUBIC, 500, 375, 341, 256, be2baa35, 77, 149, 109",
    "BICUBIC, 37, 53, 256, 366, dd6ec671, 208, 205, 212",
    "BICUBIC, 64, 48, 16, 12, d48d6214, 100, 146, 126",
    "BICUBIC, 17, 5, 23, 5, aaf304f7, 114, 11, 67",
    "BICUBIC, 17, 5, 17, 11, 5e689e8f, 110, 11, 73",
    "BICUBIC, 1, 1, 5, 7, 55a287bf, 63, 46, 186",
    "BICUBIC, 7, 5, 1, 1, f53ef7ed, 132, 117, 114",
    "BICUBIC, 2, 3, 3, 2, d54a6650, 80, 137, 64",
    "BICUBIC, 255, 3, 64, 97, 4cb2603f, 171, 123, 125",
    "BICUBIC, 40, 301, 13, 100, eb0e9bbe, 119, 127, 99",
    "BICUBIC, 9, 200, 224, 1, ebdda4c1, 129, 126, 134",
    "BICUBIC, 33, 33, 32, 34, 1d303edf, 166, 255, 59",
    "BICUBIC, 3, 1, 1000, 2, 09c74717, 73, 8, 64",
    "BILINEAR, 64, 64, 64, 64, 27965d0d, 7, 188, 187",
    "BILINEAR, 500, 375, 341, 256, d991ceea, 78, 144, 113",
    "BILINEAR, 37, 53, 256, 366, ca90fd62, 179, 198, 202",
    "BILINEAR, 64, 48, 16, 12, c559039d, 105, 143, 126",
    "BILINEAR, 17, 5, 23, 5, bdec34aa, 113, 11, 73",
    "BILINEAR, 17, 5, 17, 11, d34455b5, 113, 11, 73",
    "BILINEAR, 1, 1, 5, 7, 55a287bf, 63, 46, 186",
    "BILINEAR, 7, 5, 1, 1, 9e6de0bf, 131, 116, 115",
    "BILINEAR, 2, 3, 3, 2, e92af41f, 76, 136, 72",
    "BILINEAR, 255, 3, 64, 97, 4a7532a5, 163, 117, 133",
    "BILINEAR, 40, 301, 13, 100, 43816c98, 118, 124, 102",
    "BILINEAR, 9, 200, 224, 1, 3b1848db, 128, 126, 133",
    "BILINEAR, 33, 33, 32, 34, 4782341d, 166, 220, 61",
    "BILINEAR, 3, 1, 1000, 2, 8707e1e9, 69, 8, 83"
  })
  void agreesWithPillowBitForBit(
      Interpolation interpolation,
      int width,
      int height,
      int newWidth,
      int newHeight,
      String crc,
      int firstRed,
      int middleGreen,
      int lastBlue) {
    RgbImage result =
        PillowResize.resize(
            SyntheticImages.noise(width, height), newWidth, newHeight, interpolation);

    assertThat(result.width()).isEqualTo(newWidth);
    assertThat(result.height()).isEqualTo(newHeight);
    byte[] data = result.data();
    assertThat(data[0] & 0xff).isEqualTo(firstRed);
    assertThat(data[3 * (newHeight / 2 * newWidth + newWidth / 2) + 1] & 0xff)
        .isEqualTo(middleGreen);
    assertThat(data[data.length - 1] & 0xff).isEqualTo(lastBlue);
    assertThat(SyntheticImages.crc(data)).isEqualTo(crc);
  }

  @Property(tries = 200)
  void constantImageStaysConstant(
      @ForAll @IntRange(min = 1, max = 40) int width,
      @ForAll @IntRange(min = 1, max = 40) int height,
      @ForAll @IntRange(min = 1, max = 60) int newWidth,
      @ForAll @IntRange(min = 1, max = 60) int newHeight,
      @ForAll Interpolation interpolation,
      @ForAll byte value) {
    RgbImage image = RgbImage.black(width, height);
    Arrays.fill(image.data(), value);

    assertThat(PillowResize.resize(image, newWidth, newHeight, interpolation).data())
        .containsOnly(value);
  }

  @Property(tries = 100)
  void sameSizeIsIdentity(
      @ForAll @IntRange(min = 1, max = 40) int width,
      @ForAll @IntRange(min = 1, max = 40) int height,
      @ForAll Interpolation interpolation) {
    RgbImage image = SyntheticImages.noise(width, height);

    assertThat(PillowResize.resize(image, width, height, interpolation).data())
        .isEqualTo(SyntheticImages.noise(width, height).data());
  }

  @Property(tries = 100)
  void channelsDoNotMix(
      @ForAll @IntRange(min = 1, max = 30) int width,
      @ForAll @IntRange(min = 1, max = 30) int height,
      @ForAll @IntRange(min = 1, max = 40) int newWidth,
      @ForAll @IntRange(min = 1, max = 40) int newHeight,
      @ForAll Interpolation interpolation) {
    RgbImage image = SyntheticImages.noise(width, height);

    assertThat(rotated(PillowResize.resize(image, newWidth, newHeight, interpolation)).data())
        .isEqualTo(PillowResize.resize(rotated(image), newWidth, newHeight, interpolation).data());
  }

  private static RgbImage rotated(RgbImage image) {
    byte[] result = new byte[image.data().length];
    for (int i = 0; i < result.length; i++) {
      result[i] = image.data()[i / 3 * 3 + (i + 1) % 3];
    }
    return new RgbImage(image.width(), image.height(), result);
  }
}
