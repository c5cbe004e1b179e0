package io.github.ptq4vm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageDecoderTest {
  @TempDir Path directory;

  @Test
  void formatIsToldByContentAndNotByName() throws IOException {
    Path file =
        Files.write(directory.resolve("a.jpg"), new PngBuilder(1, 1, 8, 2).rows(0, 7, 8, 9));

    assertThat(ImageDecoder.decode(file).data()).containsExactly(7, 8, 9);
  }

  @Test
  void foreignFileIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("a.jpg"), "GIF89a");

    assertThatThrownBy(() -> ImageDecoder.decode(file))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(file + " is neither a JPEG nor a PNG image");
  }

  @Test
  void emptyFileIsNamed() throws IOException {
    Path file = Files.createFile(directory.resolve("empty.png"));

    assertThatThrownBy(() -> ImageDecoder.decode(file))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("empty.png");
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> ImageDecoder.decode(directory.resolve("none.png")))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("none.png does not exist");
  }

  @Test
  void directoryIsNamed() {
    assertThatThrownBy(() -> ImageDecoder.decode(directory))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(directory + " cannot be read");
  }

  /** CRC-32 of the RGB bytes Pillow 12.3 reads; the JDKs 17 and 25 read the same. */
  @ParameterizedTest
  @CsvSource({
    "data/imagenette224/validation/n01440764/ILSVRC2012_val_00009111.JPEG, 1bf56057",
    "data/imagenette224/validation/n02102040/ILSVRC2012_val_00004650.JPEG, ac5e57e4",
    "data/imagenette224/validation/n02979186/ILSVRC2012_val_00008651.JPEG, ffa2ad16",
    "data/imagenette224/validation/n03000684/ILSVRC2012_val_00004262.JPEG, 6a6cbcc7",
    "data/imagenette224/validation/n03028079/ILSVRC2012_val_00003351.JPEG, a2597f7e",
    "data/imagenette224/validation/n03394916/ILSVRC2012_val_00001492.JPEG, 847d949c",
    "data/imagenette224/validation/n03417042/ILSVRC2012_val_00002210.JPEG, 865e1280",
    "data/imagenette224/validation/n03425413/ILSVRC2012_val_00000732.JPEG, 35c8d34b",
    "data/imagenette224/validation/n03445777/ILSVRC2012_val_00008161.JPEG, c8b77185",
    "data/imagenette224/validation/n03888257/ILSVRC2012_val_00001440.JPEG, a49ede12",
    "quickstart/validation/arrow/0002.png, 846157cb",
    "quickstart/validation/pentagon/0108.png, 9a2ae45e"
  })
  void photographsAgreeWithPillow(String file, String crc) {
    assertThat(SyntheticImages.crc(ImageDecoder.decode(SharedImages.require(file)).data()))
        .isEqualTo(crc);
  }
}
