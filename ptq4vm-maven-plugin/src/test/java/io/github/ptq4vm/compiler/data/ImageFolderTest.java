package io.github.ptq4vm.compiler.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
  @TempDir Path root;

  @Test
  void classesAndFilesComeInOrderOfTheirNames() throws IOException {
    touch("b/2.png", "b/10.JPEG", "a/z.jpg", "a/B.Png", "a/notes.txt", "synset.txt");

    ImageFolder folder = ImageFolder.labelled(root);

    assertThat(folder.classes()).containsExactly("a", "b");
    assertThat(folder.files())
        .extracting(ImageFile::name)
        .containsExactly("a/B.Png", "a/z.jpg", "b/10.JPEG", "b/2.png");
    assertThat(folder.files()).extracting(ImageFile::label).containsExactly(0, 0, 1, 1);
    assertThat(folder.files().get(0).path()).isEqualTo(root.resolve("a/B.Png"));
  }

  @Test
  void foldersBelowAClassBelongToIt() throws IOException {
    // The order is that of Python's sorted(os.walk("a")).
    touch("a/x/1.png", "a/2.png", "a/x.y/0.png", "a/x/z/3.png");

    assertThat(ImageFolder.labelled(root).files())
        .extracting(ImageFile::name)
        .containsExactly("a/2.png", "a/x/1.png", "a/x.y/0.png", "a/x/z/3.png");
  }

  @Test
  void namesAreOrderedByCodePointAndNotByCodeUnit() {
    // U+FF5E is one unit above the surrogates, U+1D11E is two units from among them.
    List<String> names =
        Stream.of("\ud834\udd1e", "\uff5e", "ab", "a", "").sorted(ImageFile.BY_CODE_POINT).toList();

    assertThat(names).containsExactly("", "a", "ab", "\uff5e", "\ud834\udd1e");
  }

  @Test
  void hiddenFilesAndFoldersDoNotCount() throws IOException {
    touch("a/1.png", "a/.2.png", ".git/3.png", "a/.thumbs/4.png", ".5.png");

    assertThat(ImageFolder.labelled(root).files())
        .extracting(ImageFile::name)
        .containsExactly("a/1.png");
  }

  @Test
  void flatDirectoryServesWhereLabelsDoNotMatter() throws IOException {
    touch("2.png", "1.jpg");

    ImageFolder folder = ImageFolder.unlabelled(root);

    assertThat(folder.classes()).isEmpty();
    assertThat(folder.files()).extracting(ImageFile::name).containsExactly("1.jpg", "2.png");
    assertThat(folder.files()).extracting(ImageFile::folder).containsOnly("");
    assertThatThrownBy(() -> ImageFolder.labelled(root))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining(root + " holds images but no class folders");
  }

  @Test
  void linksAreFollowed() throws IOException {
    touch("store/n1/1.png", "store/n2/2.png");
    Path store = root.resolve("store");
    Path links = Files.createDirectory(root.resolve("links"));
    Files.createSymbolicLink(links.resolve("a"), store.resolve("n2"));
    Files.createSymbolicLink(
        Files.createDirectory(links.resolve("b")).resolve("3.png"), store.resolve("n1/1.png"));

    assertThat(ImageFolder.labelled(Files.createSymbolicLink(root.resolve("link"), links)).files())
        .extracting(ImageFile::name)
        .containsExactly("a/2.png", "b/3.png");
    assertThat(ImageFolder.unlabelled(links.resolve("a")).files())
        .extracting(ImageFile::name)
        .containsExactly("2.png");
  }

  @Test
  void mixedLayoutIsRefused() throws IOException {
    touch("1.png", "a/2.png");

    assertThatThrownBy(() -> ImageFolder.unlabelled(root))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("such as 1.png")
        .hasMessageContaining("such as a/2.png");
  }

  @Test
  void emptyClassFolderIsRefusedWhereLabelsMatter() throws IOException {
    touch("a/1.png", "b/readme.txt");

    assertThatThrownBy(() -> ImageFolder.labelled(root))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("class folder " + root.resolve("b") + " holds no");
    assertThat(ImageFolder.unlabelled(root).files()).hasSize(1);
  }

  @Test
  void missingOrEmptyDirectoryIsNamed() throws IOException {
    assertThatThrownBy(() -> ImageFolder.unlabelled(root.resolve("none")))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining(root.resolve("none") + " does not exist");
    assertThatThrownBy(() -> ImageFolder.unlabelled(root))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining(root + " holds no .jpg, .jpeg or .png files");
    touch("file");
    assertThatThrownBy(() -> ImageFolder.labelled(root.resolve("file")))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("is a file");
  }

  @Test
  void numberOfClassesIsCompared() throws IOException {
    touch("a/1.png", "b/2.png");
    ImageFolder folder = ImageFolder.labelled(root);

    folder.requireClasses(2);
    assertThatThrownBy(() -> folder.requireClasses(1000))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("has 2 class folders but the model has 1000 classes");
  }

  private void touch(String... names) throws IOException {
    for (String name : names) {
      Path file = root.resolve(name);
      Files.createDirectories(file.getParent());
      Files.createFile(file);
    }
  }
}
