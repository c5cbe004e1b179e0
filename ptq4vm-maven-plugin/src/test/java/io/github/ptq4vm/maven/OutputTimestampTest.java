package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutputTimestampTest {

  @ParameterizedTest
  @CsvSource({
    "2000-01-01T00:00:00Z,946684800",
    "2000-01-01T02:00:00+02:00,946684800",
    "946684800,946684800"
  })
  @DisplayName("reads ISO 8601 and epoch seconds")
  void parse(String text, long seconds) {
    assertThat(OutputTimestamp.parse(text)).isEqualTo(seconds);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " ", "x"})
  @DisplayName("falls back to a fixed time")
  void fallback(String text) {
    assertThat(OutputTimestamp.parse(text)).isEqualTo(318211200L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "7",
        "now",
        "1979-12-31T00:00:00Z",
        "2100-01-01T00:00:00Z",
        "99999999999999999999"
      })
  @DisplayName("refuses times that are none or that zip files cannot hold")
  void unusable(String text) {
    assertThatThrownBy(() -> OutputTimestamp.parse(text))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("\"" + text + "\"");
  }
}
