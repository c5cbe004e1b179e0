package io.github.ptq4vm.compiler.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileRequest.Selection;
import io.github.ptq4vm.compiler.checkpoint.SharedFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Drawn orders were computed from the documented rules by a program in Python. */
class CalibrationSelectionTest {
  private static final ImageFolder FOLDER = folder("cat", 5, "dog", 2, "größe", 4);

  @Test
  void stratifiedOrderIsTheDocumentedOne() {
    assertThat(names(FOLDER, Selection.STRATIFIED, 100, 0))
        .containsExactly(
            "dog/0.png",
            "größe/1.png",
            "cat/1.png",
            "dog/1.png",
            "größe/0.png",
            "cat/3.png",
            "größe/2.png",
            "cat/0.png",
            "größe/3.png",
            "cat/2.png",
            "cat/4.png");
    assertThat(names(FOLDER, Selection.STRATIFIED, 100, -7))
        .containsExactly(
            "cat/4.png",
            "dog/0.png",
            "größe/3.png",
            "cat/0.png",
            "dog/1.png",
            "größe/0.png",
            "cat/3.png",
            "größe/2.png",
            "cat/2.png",
            "größe/1.png",
            "cat/1.png");
  }

  @Test
  void fewerImagesAreThePrefixOfMore() {
    assertThat(names(FOLDER, Selection.STRATIFIED, 4, 0))
        .isEqualTo(names(FOLDER, Selection.STRATIFIED, 11, 0).subList(0, 4));
    assertThat(names(FOLDER, Selection.NAME, 4, 0))
        .isEqualTo(names(FOLDER, Selection.NAME, 11, 0).subList(0, 4));
  }

  @Test
  void flatDirectoryIsShuffledToo() {
    List<ImageFile> files = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      files.add(new ImageFile(Path.of(i + ".png"), i + ".png", 0));
    }

    assertThat(names(new ImageFolder(Path.of("."), List.of(), files), Selection.STRATIFIED, 6, 3))
        .containsExactly("5.png", "4.png", "2.png", "0.png", "3.png", "1.png");
  }

  @Test
  void anotherFolderDoesNotChangeTheOrderWithinAFolder() {
    List<String> without = names(folder("cat", 9, "dog", 9), Selection.STRATIFIED, 99, 5);
    List<String> with = names(folder("ant", 9, "cat", 9, "dog", 9), Selection.STRATIFIED, 99, 5);

    for (String prefix : List.of("cat/", "dog/")) {
      assertThat(with.stream().filter(name -> name.startsWith(prefix)))
          .containsExactlyElementsOf(
              without.stream().filter(name -> name.startsWith(prefix)).toList());
    }
  }

  @Test
  void nameOrderIsByFileNameThenFolderWhateverTheSeed() {
    assertThat(names(FOLDER, Selection.NAME, 7, 0))
        .containsExactly(
            "cat/0.png",
            "dog/0.png",
            "größe/0.png",
            "cat/1.png",
            "dog/1.png",
            "größe/1.png",
            "cat/2.png")
        .isEqualTo(names(FOLDER, Selection.NAME, 7, 1));
  }

  @Test
  void labelsFollowTheImages() {
    ImageSet set = CalibrationSelection.select(FOLDER, Selection.NAME, 4, 0);

    assertThat(set.labels()).containsExactly(0, 1, 2, 0);
  }

  @Test
  void noImagesIsAnError() {
    assertThatThrownBy(() -> CalibrationSelection.select(FOLDER, Selection.NAME, 0, 0))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("at least one image but 0");
  }

  @Test
  void sampleImagesComeInTheOrdersStated() {
    ImageFolder sample = ImageFolder.labelled(SharedFiles.path("quickstart/calibration"));

    assertThat(names(sample, Selection.STRATIFIED, 128, 0))
        .hasSize(128)
        .startsWith(
            "triangle/0080.png",
            "crescent/0067.png",
            "heart/0001.png",
            "pentagon/0077.png",
            "circle/0099.png",
            "ring/0043.png",
            "star/0019.png",
            "cross/0127.png",
            "arrow/0006.png",
            "square/0037.png",
            "triangle/0065.png",
            "crescent/0010.png");
    assertThat(names(sample, Selection.NAME, 5, 0))
        .containsExactly(
            "crescent/0000.png",
            "heart/0001.png",
            "heart/0002.png",
            "heart/0003.png",
            "triangle/0004.png");
  }

  private static List<String> names(ImageFolder folder, Selection selection, int n, long seed) {
    return CalibrationSelection.select(folder, selection, n, seed).files().stream()
        .map(ImageFile::name)
        .toList();
  }

  /** Class folders with files 0.png, 1.png and so on; names and numbers of files in turn. */
  private static ImageFolder folder(Object... namesAndCounts) {
    List<String> classes = new ArrayList<>();
    List<ImageFile> files = new ArrayList<>();
    for (int c = 0; c < namesAndCounts.length / 2; c++) {
      classes.add((String) namesAndCounts[2 * c]);
      for (int i = 0; i < (Integer) namesAndCounts[2 * c + 1]; i++) {
        String name = classes.get(c) + "/" + i + ".png";
        files.add(new ImageFile(Path.of(name), name, c));
      }
    }
    return new ImageFolder(Path.of("."), classes, files);
  }
}
