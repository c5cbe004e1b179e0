package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ResultTableTest {

  private static List<String> table(Path jar, Path base) {
    VariantResult variant = new VariantResult("w8a8", jar, 2048, "00", 0.5, new TreeMap<>());
    return ResultTable.of(
        new CompileResult("vim", 8, 0.75, List.of(variant), new TreeMap<>()), base);
  }

  @Test
  @DisplayName("shows a jar relative to the project")
  void relative() {
    Path base = Path.of("").toAbsolutePath();
    assertThat(table(base.resolve("target/w8a8.jar"), base))
        .containsExactly(
            "Quantized vim, calibrated on 8 images:",
            "  variant      top-1        size  jar",
            "  fp32       75.00 %",
            "  w8a8       50.00 %     2.0 KiB  " + Path.of("target", "w8a8.jar"));
  }

  @Test
  @DisplayName("shows where a jar is when no relative path leads there, as to another drive")
  void absolute() {
    Path jar = Path.of("w8a8.jar");
    assertThat(table(jar, Path.of("").toAbsolutePath().getRoot()).get(3))
        .endsWith("  " + jar.toAbsolutePath());
  }
}
