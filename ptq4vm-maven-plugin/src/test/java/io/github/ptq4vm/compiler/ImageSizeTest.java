package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageSizeTest {

  @ParameterizedTest
  @CsvSource({"224,224,224", "64x96,64,96", "' 64X64 ',64,64", "8192,8192,8192"})
  void reads(String text, int height, int width) {
    ImageSize size = ImageSize.parse(text, "<imageSize>");
    assertThat(size).isEqualTo(new ImageSize(height, width));
    assertThat(ImageSize.parse(size.toString(), "again")).isEqualTo(size);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "64x", "x64", "-1", "64x96x3", "1e3", "12345678901", "64 x 96"})
  void refusesOtherText(String text) {
    assertThatThrownBy(() -> ImageSize.parse(text, "<imageSize>"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("<imageSize> is \"" + text + "\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "64x0", "8193x8192", "999999999x999999999"})
  void refusesSizesNobodyCanRun(String text) {
    assertThatThrownBy(() -> ImageSize.parse(text, "<imageSize>"))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("<imageSize> is " + text);
  }

  @Test
  void refusesThemWhereverTheyComeFrom() {
    assertThatThrownBy(() -> new ImageSize(0, 5))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("0 x 5");
  }
}
