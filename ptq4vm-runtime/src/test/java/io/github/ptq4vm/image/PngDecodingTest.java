package io.github.ptq4vm.image;

import static io.github.ptq4vm.image.PngBuilder.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Expected pixels follow from the PNG specification and were confirmed with Pillow 12.3. */
class PngDecodingTest {
  private static final byte[] PALETTE = bytes(10, 20, 30, 40, 50, 60, 70, 80, 90);

  @Test
  void greyOfFewBitsSpansTheWholeRange() {
    assertThat(pixels(new PngBuilder(4, 1, 1, 0).rows(0, 0xa0))).isEqualTo(grey(255, 0, 255, 0));
    assertThat(pixels(new PngBuilder(4, 1, 2, 0).rows(0, 0x1b))).isEqualTo(grey(0, 85, 170, 255));
    assertThat(pixels(new PngBuilder(4, 1, 4, 0).rows(0, 0x07, 0x8f)))
        .isEqualTo(grey(0, 119, 136, 255));
  }

  @Test
  void greyIsTakenAsStoredWhateverGammaAndTransparencySay() {
    byte[] png =
        new PngBuilder(3, 1, 8, 0)
            .chunk("gAMA", bytes(0, 1, 0x86, 0xa0))
            .chunk("tRNS", bytes(0, 100))
            .rows(0, 0, 100, 255);

    assertThat(pixels(png)).isEqualTo(grey(0, 100, 255));
  }

  @Test
  void alphaIsDroppedAndNotComposited() {
    assertThat(pixels(new PngBuilder(2, 1, 8, 4).rows(0, 100, 0, 200, 128)))
        .isEqualTo(grey(100, 200));
    assertThat(pixels(new PngBuilder(2, 1, 8, 6).rows(0, 1, 2, 3, 0, 250, 251, 252, 128)))
        .isEqualTo(bytes(1, 2, 3, 250, 251, 252));
  }

  @Test
  void sixteenBitsKeepTheHighByte() {
    assertThat(pixels(new PngBuilder(2, 1, 16, 0).rows(0, 100, 255, 200, 1)))
        .isEqualTo(grey(100, 200));
    assertThat(pixels(new PngBuilder(2, 1, 16, 4).rows(0, 100, 255, 0, 0, 200, 1, 128, 128)))
        .isEqualTo(grey(100, 200));
    assertThat(
            pixels(
                new PngBuilder(1, 2, 16, 2)
                    .rows(0, 1, 255, 2, 255, 3, 255, 0, 250, 0, 251, 127, 252, 128)))
        .isEqualTo(bytes(1, 2, 3, 250, 251, 252));
    assertThat(pixels(new PngBuilder(1, 1, 16, 6).rows(0, 1, 255, 2, 255, 3, 255, 0, 0)))
        .isEqualTo(bytes(1, 2, 3));
  }

  @Test
  void paletteIsLookedUpAndItsTransparencyIgnored() {
    byte[] png =
        new PngBuilder(3, 1, 8, 3)
            .chunk("PLTE", PALETTE)
            .chunk("tRNS", bytes(0, 128))
            .rows(0, 2, 0, 1);

    assertThat(pixels(png)).isEqualTo(bytes(70, 80, 90, 10, 20, 30, 40, 50, 60));
  }

  @Test
  void coloursBeyondThePaletteAreBlack() {
    assertThat(pixels(new PngBuilder(4, 1, 2, 3).chunk("PLTE", PALETTE).rows(0, 0x1b)))
        .isEqualTo(bytes(10, 20, 30, 40, 50, 60, 70, 80, 90, 0, 0, 0));
  }

  @Test
  void suggestedPaletteOfColourImagesIsIgnored() {
    byte[] png = new PngBuilder(1, 1, 8, 2).chunk("PLTE", PALETTE).rows(0, 1, 2, 3);

    assertThat(pixels(png)).isEqualTo(bytes(1, 2, 3));
  }

  @Test
  void everyCutIsNoticed() {
    byte[] png =
        new PngBuilder(3, 2, 8, 2).rows(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);

    for (int length = 8; length < png.length; length++) {
      byte[] cut = Arrays.copyOf(png, length);
      assertThatThrownBy(() -> pixels(cut))
          .as("cut to %d of %d bytes", length, png.length)
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("sample.png is damaged");
    }
  }

  @Test
  void everyFlippedBitOfAnEssentialChunkIsNoticed() {
    byte[] png = new PngBuilder(2, 1, 8, 0).rows(0, 1, 2);

    for (int bit = 8 * 8; bit < 8 * png.length; bit++) {
      byte[] flipped = png.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> pixels(flipped))
          .as("bit %d of byte %d", bit % 8, bit / 8)
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("sample.png");
    }
  }

  @Test
  void missingPixelsUnknownFiltersAndMissingPalettesAreRefused() {
    assertRefused(new PngBuilder(2, 4, 8, 0).rows(0, 1, 2, 0, 1));
    assertRefused(new PngBuilder(2, 1, 8, 0).rows(9, 1, 2));
    assertRefused(new PngBuilder(2, 1, 3, 0).rows(0, 1, 2));
    assertRefused(new PngBuilder(2, 1, 8, 3).rows(0, 1, 2));
  }

  @Test
  void sizeIsCheckedBeforeMemoryIsTaken() {
    assertThatThrownBy(() -> pixels(new PngBuilder(Integer.MAX_VALUE, 65536, 8, 2).rows(0)))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("sample.png has 2147483647 x 65536 pixels, but at most 67108864");
    assertThatThrownBy(() -> pixels(new PngBuilder(0, 5, 8, 2).rows(0)))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("0 x 5");
    assertThatThrownBy(() -> pixels(new PngBuilder(-1, 5, 8, 2).rows(0)))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("-1 x 5");
  }

  private static void assertRefused(byte[] png) {
    assertThatThrownBy(() -> pixels(png))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("sample.png");
  }

  private static byte[] grey(int... values) {
    byte[] result = new byte[3 * values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (byte) values[i / 3];
    }
    return result;
  }

  private static byte[] pixels(byte[] png) {
    return ImageDecoder.decode(new ByteArrayInputStream(png), "sample.png").data();
  }
}
