package io.github.ptq4vm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Small JPEG files written by Pillow 12.3, and beside them what Pillow reads from them, as PNG. The
 * picture is a formula: {@code r = 127 + 120 sin(x/5 + y/9)}, {@code g = 127 + 120 cos(x/7 - y/4)},
 * {@code b = (5 x + 3 y) mod 256}; {@code ycck} is {@code cmyk} with its Adobe transform set to 2.
 * The JDKs 17 and 25 agree with Pillow bit for bit; the bound leaves room for a library with
 * another inverse cosine transform within the JPEG standard's tolerance.
 */
class JpegDecodingTest {
  private static final int BOUND = 3;

  @ParameterizedTest
  @CsvSource({
    "ycc444, ycc444",
    "ycc422, ycc422",
    "ycc420, ycc420",
    "progressive, ycc420",
    "exif, ycc420",
    "grey, grey",
    "rgb, rgb",
    "cmyk, cmyk",
    "ycck, ycck"
  })
  void agreesWithPillow(String jpeg, String expected) throws IOException {
    assertClose(decode(resource(jpeg + ".jpg")), decode(resource(expected + ".png")));
  }

  @Test
  void fileWithoutMarkersIsTakenAsLuminanceAndColour() throws IOException {
    byte[] file = resource("ycc444.jpg");
    // SOI, then an APP0 segment of 18 bytes.
    byte[] bare = new byte[file.length - 18];
    System.arraycopy(file, 0, bare, 0, 2);
    System.arraycopy(file, 20, bare, 2, file.length - 20);

    assertClose(decode(bare), decode(resource("ycc444.png")));
  }

  @ParameterizedTest
  @CsvSource({"ycc420.jpg", "progressive.jpg"})
  void everyCutIsNoticed(String name) throws IOException {
    byte[] file = resource(name);

    for (int length = 3; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> decode(cut))
          .as("cut to %d of %d bytes", length, file.length)
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("sample is damaged: it is cut off");
    }
  }

  @Test
  void damageEndsInAnImageOrOneKindOfException() throws IOException {
    Random random = new Random(1);
    int refused = 0;
    for (String name : new String[] {"ycc420.jpg", "progressive.jpg", "ycck.jpg"}) {
      byte[] file = resource(name);
      for (int i = 0; i < 400; i++) {
        byte[] damaged = file.clone();
        damaged[random.nextInt(file.length)] = (byte) random.nextInt(256);
        damaged[random.nextInt(file.length)] ^= (byte) (1 << random.nextInt(8));
        try {
          decode(damaged);
        } catch (ImageException e) {
          assertThat(e).hasMessageContaining("sample");
          refused++;
        }
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void sizeIsCheckedBeforeMemoryIsTaken() throws IOException {
    byte[] file = resource("ycc420.jpg");
    int frame = indexOf(file, 0xc0);
    Arrays.fill(file, frame + 5, frame + 9, (byte) 0xff);

    assertThatThrownBy(() -> decode(file))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("sample has 65535 x 65535 pixels, but at most 67108864");
  }

  @Test
  void otherProcessesAreNamed() throws IOException {
    byte[] file = resource("ycc420.jpg");
    file[indexOf(file, 0xc0) + 1] = (byte) 0xc3;

    assertThatThrownBy(() -> decode(file))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("process 3 and 8 bits");
  }

  @Test
  void fileWithoutPixelsIsRefused() {
    assertThatThrownBy(() -> decode(PngBuilder.bytes(0xff, 0xd8, 0xff, 0xd9)))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("it holds no pixels");
  }

  private static int indexOf(byte[] file, int marker) {
    for (int i = 0; i < file.length - 1; i++) {
      if ((file[i] & 0xff) == 0xff && (file[i + 1] & 0xff) == marker) {
        return i;
      }
    }
    throw new AssertionError("no such marker");
  }

  private static void assertClose(RgbImage image, RgbImage expected) {
    assertThat(image.width()).isEqualTo(expected.width());
    assertThat(image.height()).isEqualTo(expected.height());
    int worst = 0;
    for (int i = 0; i < expected.data().length; i++) {
      worst = Math.max(worst, Math.abs((image.data()[i] & 0xff) - (expected.data()[i] & 0xff)));
    }
    assertThat(worst).as("largest difference from Pillow").isLessThanOrEqualTo(BOUND);
  }

  private static RgbImage decode(byte[] file) {
    return ImageDecoder.decode(new ByteArrayInputStream(file), "sample");
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream stream = JpegDecodingTest.class.getResourceAsStream(name)) {
      return stream.readAllBytes();
    }
  }
}
