package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class ReleasedFiguresTest {
  private static final List<String> VARIANTS = List.of("w8a8", "w6a6", "w4a8", "w4a4");

  @Test
  void holdsEveryVariantOfEverySample() {
    ReleasedFigures figures = ReleasedFigures.load();
    for (Sample sample : Sample.values()) {
      for (String variant : VARIANTS) {
        assertThat(figures.get(sample, variant, false)).isNotNull();
        if (sample.releasedLearning().isPresent()) {
          assertThat(figures.get(sample, variant, true)).isNotNull();
        }
      }
    }
  }

  @Test
  void agreesWithTheModelCard() throws IOException {
    Path card = SharedFolder.find().map(f -> f.resolve("models/README.md")).orElse(null);
    Assumptions.assumeTrue(card != null, "the model card is not in a folder of shared data");
    String text = Files.readString(card);
    ReleasedFigures figures = ReleasedFigures.load();
    for (Sample sample : Sample.values()) {
      assertThat(text).contains(String.format(Locale.ROOT, "**%.2f**", figures.floatTop1(sample)));
      for (String variant : VARIANTS) {
        String title = variant.toUpperCase(Locale.ROOT);
        String plain = cells(figures.get(sample, variant, false));
        assertThat(text)
            .contains(
                sample.releasedLearning().isPresent()
                    ? "| %s | %s | %s |"
                        .formatted(title, plain, cells(figures.get(sample, variant, true)))
                    : "%s %s".formatted(title, plain));
      }
    }
  }

  private static String cells(Accuracy accuracy) {
    return accuracy.cells().replace(" | ", " / ");
  }

  @Test
  void saysWhatTheCardDoesNotHave() {
    assertThatThrownBy(() -> ReleasedFigures.load().get(Sample.VIM_NANO, "w2a2", false))
        .hasMessageContaining("vim_nano")
        .hasMessageContaining("w2a2");
  }
}
