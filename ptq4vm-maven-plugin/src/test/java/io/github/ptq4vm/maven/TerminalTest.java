package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TerminalTest {

  /** As {@link java.io.Console} from JDK 22 on. */
  public record NewConsole(boolean isTerminal) {}

  @Test
  @DisplayName("believes a console that says whether it is a terminal, and takes others for one")
  void isTerminal() {
    assertThat(Terminal.isTerminal(NewConsole.class, new NewConsole(true))).isTrue();
    assertThat(Terminal.isTerminal(NewConsole.class, new NewConsole(false))).isFalse();
    assertThat(Terminal.isTerminal(Object.class, new Object())).isTrue();
  }
}
