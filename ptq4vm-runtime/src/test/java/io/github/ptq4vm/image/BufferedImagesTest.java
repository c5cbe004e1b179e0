package io.github.ptq4vm.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BufferedImagesTest {

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_INT_RGB,
        BufferedImage.TYPE_INT_BGR,
        BufferedImage.TYPE_INT_ARGB,
        BufferedImage.TYPE_INT_ARGB_PRE,
        BufferedImage.TYPE_3BYTE_BGR,
        BufferedImage.TYPE_4BYTE_ABGR
      })
  void coloursAreTheSameInEveryLayout(int type) {
    BufferedImage image = new BufferedImage(2, 1, type);
    image.setRGB(0, 0, 0xff0a141e);
    image.setRGB(1, 0, 0xff28323c);

    assertThat(BufferedImages.toRgb(image, "x").data()).containsExactly(10, 20, 30, 40, 50, 60);
  }

  @Test
  void alphaIsDropped() {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x010a141e);

    assertThat(BufferedImages.toRgb(image, "x").data()).containsExactly(10, 20, 30);
  }

  @Test
  void greyIsTakenAsStored() {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setSample(0, 0, 0, 100);

    assertThat(BufferedImages.toRgb(image, "x").data()).containsExactly(100, 100, 100);
  }

  @Test
  void sixteenBitGreyKeepsTheHighByte() {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setSample(0, 0, 0, 100 << 8 | 255);

    assertThat(BufferedImages.toRgb(image, "x").data()).containsExactly(100, 100, 100);
  }

  @Test
  void fiveBitChannelsSpanTheWholeRange() {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_565_RGB);
    image.setRGB(0, 0, 0xffff00ff);

    assertThat(BufferedImages.toRgb(image, "x").data()).containsExactly(-1, 0, -1);
  }

  @Test
  void partOfAnImageIsReadFromItsOwnCorner() {
    BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
    image.setRGB(2, 3, 0x0a141e);

    assertThat(BufferedImages.toRgb(image.getSubimage(2, 3, 1, 1), "x").data())
        .containsExactly(10, 20, 30);
  }
}
