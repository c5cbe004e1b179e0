package io.github.ptq4vm.compiler.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SynsetTest {
  @TempDir Path root;

  @Test
  void labelsAreTheLinesOfTheFile() throws IOException {
    Path file = write("\ufeffn01440764 tench, Tinca tinca\r\n größe \n\n \n");

    assertThat(Synset.labels(file, null, 2))
        .containsExactly("n01440764 tench, Tinca tinca", "größe");
  }

  @Test
  void fileWinsOverFolders() throws IOException {
    assertThat(Synset.labels(write("one\ntwo"), folders("a", "b"), 2))
        .containsExactly("one", "two");
  }

  @Test
  void foldersNameTheClassesWhereThereIsNoFile() {
    assertThat(Synset.labels(null, folders("a", "b"), 2)).containsExactly("a", "b");
    assertThatThrownBy(() -> Synset.labels(null, folders("a", "b"), 3))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("2 class folders but the model has 3 classes");
  }

  @Test
  void thereMayBeNoLabels() {
    assertThat(Synset.labels(null, null, 10)).isEmpty();
  }

  @Test
  void anotherNumberOfLabelsIsRefused() throws IOException {
    Path file = write("one\ntwo\n");

    assertThatThrownBy(() -> Synset.read(file, 3))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining(file + " has 2 labels but the model has 3 classes");
  }

  @Test
  void blankLineBetweenLabelsIsNamed() throws IOException {
    Path file = write("one\n\nthree\n");

    assertThatThrownBy(() -> Synset.read(file, 3))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("Line 2 of the labels file");
  }

  @Test
  void otherEncodingsAndMissingFilesAreNamed() throws IOException {
    Path latin = Files.write(root.resolve("latin.txt"), new byte[] {'g', 'r', (byte) 0xf6});

    assertThatThrownBy(() -> Synset.read(latin, 1))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("latin.txt is not UTF-8");
    assertThatThrownBy(() -> Synset.read(root.resolve("none.txt"), 1))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("none.txt");
  }

  private Path write(String text) throws IOException {
    return Files.writeString(root.resolve("synset.txt"), text);
  }

  private static ImageFolder folders(String... classes) {
    return new ImageFolder(Path.of("."), List.of(classes), List.of());
  }
}
