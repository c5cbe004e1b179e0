package io.github.ptq4vm.compiler.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClassOrderTest {

  private static ImageFolder folder(String... classes) {
    List<String> names = List.of(classes).stream().sorted().toList();
    return new ImageFolder(
        Path.of("validation"),
        names,
        IntStream.range(0, names.size())
            .mapToObj(
                i ->
                    new ImageFile(
                        Path.of("validation", names.get(i), "a.png"), names.get(i) + "/a.png", i))
            .toList());
  }

  @Test
  void foldersNamedLikeLinesHaveTheirLinesClass() {
    ImageSet images =
        ClassOrder.match(
            folder("tench", "church", "English springer"),
            List.of("tench", "English springer", "church"));
    // Folders by name: English springer, church, tench.
    assertThat(images.labels()).containsExactly(1, 2, 0);
  }

  @Test
  void theFirstWordOfALineIsEnough() {
    ImageSet images =
        ClassOrder.match(folder("n02", "n01"), List.of("n02 church", "n01 tench, fish"));
    assertThat(images.labels()).containsExactly(1, 0);
  }

  @Test
  void withoutAnyNameInCommonTheOrderDecides() {
    ImageFolder folder = folder("0", "1");
    assertThat(ClassOrder.match(folder, List.of("cat", "dog")).labels()).containsExactly(0, 1);
    assertThat(ClassOrder.match(folder, List.of()).labels()).containsExactly(0, 1);
    assertThat(ClassOrder.byOrder(folder, List.of("cat", "dog"))).isTrue();
    assertThat(ClassOrder.byOrder(folder, List.of())).isFalse();
    assertThat(ClassOrder.byOrder(folder, List.of("1 cat", "dog"))).isFalse();
  }

  @Test
  void aPartialMatchIsRefused() {
    assertThatThrownBy(() -> ClassOrder.match(folder("cat", "zzz"), List.of("dog", "cat")))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("\"zzz\"")
        .hasMessageContaining("1 of 2 folders");
  }
}
