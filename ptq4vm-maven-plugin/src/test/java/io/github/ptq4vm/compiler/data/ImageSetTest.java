package io.github.ptq4vm.compiler.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.image.ImagePreprocessor;
import io.github.ptq4vm.image.Preprocessing;
import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageSetTest {

  /** Leaves a pixel's value as value/255. */
  private static final ImagePreprocessor PLAIN =
      new ImagePreprocessor(
          new Preprocessing(
              0,
              0,
              Preprocessing.Interpolation.BICUBIC,
              List.of(0.0, 0.0, 0.0),
              List.of(1.0, 1.0, 1.0)),
          2,
          2);

  @TempDir Path root;

  @Test
  void imagesComeInOrderForEveryNumberOfThreads() throws IOException {
    ImageSet set = images(40);
    for (int threads : new int[] {1, 3, 64}) {
      List<Integer> progress = new ArrayList<>();
      List<Thread> callers = new ArrayList<>();

      float[][] pixels =
          set.load(
              PLAIN,
              threads,
              done -> {
                progress.add(done);
                callers.add(Thread.currentThread());
              });

      assertThat(pixels).hasDimensions(40, 12);
      for (int i = 0; i < 40; i++) {
        assertThat(pixels[i][0]).isEqualTo(i / 255f);
      }
      assertThat(progress).containsExactlyElementsOf(IntStream.rangeClosed(1, 40).boxed().toList());
      assertThat(callers).containsOnly(Thread.currentThread());
    }
  }

  @Test
  void sliceIsAPartInTheSameOrder() throws IOException {
    ImageSet slice = images(10).slice(3, 5);

    assertThat(slice.size()).isEqualTo(2);
    assertThat(slice.load(PLAIN, 2, done -> {})[0][0]).isEqualTo(3 / 255f);
  }

  @Test
  void firstBrokenImageInOrderIsNamed() throws IOException {
    ImageSet set = images(10);
    Files.writeString(set.files().get(4).path(), "no image");
    Files.writeString(set.files().get(7).path(), "no image");

    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> set.load(PLAIN, 4, done -> {}))
          .isInstanceOf(CompileException.class)
          .hasMessageContaining(set.files().get(4).path().toString())
          .hasMessageContaining("neither a JPEG nor a PNG");
    }
  }

  @Test
  void interruptionStopsLoadingAndIsKept() throws IOException {
    ImageSet set = images(5);
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> set.load(PLAIN, 1, done -> {}))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  /** Expected: hashlib of Python. */
  @Test
  void digestIsTheDocumentedOne() throws IOException {
    Path two = Files.writeString(root.resolve("two"), "two");
    Path empty = Files.createFile(root.resolve("empty"));
    ImageSet set =
        new ImageSet(List.of(new ImageFile(two, "b/2.png", 1), new ImageFile(empty, "a/ü.png", 0)));

    assertThat(set.digest())
        .isEqualTo("9be8b55042d2e46a58d20e380ef28d01fcc1bfd8b2d4bc080f2974a80d6ee6f1");
  }

  @Test
  void knowsTheSizeOfItsFirstImageByTheHeader() throws IOException {
    assertThat(images(2).firstSize()).contains(new Dimension(2, 2));
    Path text = Files.writeString(root.resolve("text.png"), "no image");
    assertThat(new ImageSet(List.of(new ImageFile(text, "text.png", 0))).firstSize()).isEmpty();
  }

  @Test
  void advisesOnSizesOnlyWhereSizesDiffer() throws IOException {
    ImageSet set = images(1);
    assertThatThrownBy(() -> set.load(preprocessor(4), 1, done -> {}))
        .hasMessageContaining("2 x 2 pixels")
        .hasMessageEndingWith("or a preprocessing that resizes and crops.");
    Path text = Files.writeString(root.resolve("text.png"), "no image");
    ImageSet broken = new ImageSet(List.of(new ImageFile(text, "text.png", 0)));
    assertThatThrownBy(() -> broken.load(preprocessor(4), 1, done -> {}))
        .message()
        .doesNotContain("imageSize");
  }

  private static ImagePreprocessor preprocessor(int side) {
    return new ImagePreprocessor(
        new Preprocessing(
            0,
            0,
            Preprocessing.Interpolation.BICUBIC,
            Preprocessing.IMAGENET_MEAN,
            Preprocessing.IMAGENET_STD),
        side,
        side);
  }

  @Test
  void digestNamesAMissingFile() {
    ImageSet set = new ImageSet(List.of(new ImageFile(root.resolve("none.png"), "none.png", 0)));

    assertThatThrownBy(set::digest)
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("none.png cannot be read");
  }

  /** 2 x 2 images whose red value is their number. */
  private ImageSet images(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);
      image.setRGB(0, 0, i << 16);
      Path file = root.resolve("c%d/%03d.png".formatted(i * 2 / count, i));
      Files.createDirectories(file.getParent());
      ImageIO.write(image, "png", file.toFile());
    }
    return ImageSet.of(ImageFolder.labelled(root));
  }
}
