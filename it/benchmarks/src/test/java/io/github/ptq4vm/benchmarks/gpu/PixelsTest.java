package io.github.ptq4vm.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.image.ImagePreprocessor;
import io.github.ptq4vm.image.Preprocessing;
import java.awt.image.BufferedImage;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PixelsTest {
  private static final Preprocessing AS_IS =
      new Preprocessing(
          0,
          0,
          Preprocessing.Interpolation.BICUBIC,
          Preprocessing.IMAGENET_MEAN,
          Preprocessing.IMAGENET_STD);

  @TempDir Path folder;

  @Test
  void imagesComeBackAsTheRuntimeWouldHavePreparedThem() throws IOException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0x0180ff);
    image.setRGB(1, 0, 0xfe7f00);
    Path file = folder.resolve("images");
    byte[] bytes = {1, (byte) 0x80, (byte) 0xff, (byte) 0xfe, 0x7f, 0};

    new Pixels(List.of(bytes, bytes)).write(file);
    float[][] tensors = Pixels.read(file).tensors(AS_IS);

    assertThat(tensors).hasDimensions(2, 6);
    assertThat(tensors[1]).containsExactly(new ImagePreprocessor(AS_IS, 1, 2).apply(image));
  }

  @Test
  void anImpossibleSizeIsRefusedBeforeMemoryIsTaken() throws IOException {
    Path file = folder.resolve("images");
    try (DataOutputStream out =
        new DataOutputStream(new GZIPOutputStream(Files.newOutputStream(file)))) {
      out.writeInt(1);
      out.writeInt(Integer.MAX_VALUE);
    }

    assertThatThrownBy(() -> Pixels.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("2147483647 bytes");
  }

  @Test
  void aListOfTrainedModelsComesBack() throws IOException {
    List<TrainedSample> samples =
        List.of(
            new TrainedSample("vim_micro", "w4a4", "vim.jar", "a.gz"),
            new TrainedSample("vim_nano", "w8a8", "nano.jar", "b.gz"));

    TrainedSample.write(samples, folder);

    assertThat(TrainedSample.list(folder)).isEqualTo(samples);
  }
}
