package io.github.ptq4vm.maven;

import java.io.Console;
import java.util.function.Consumer;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.logging.Log;
import org.jspecify.annotations.Nullable;

/** The terminal a user sits at. */
final class Terminal {
  private Terminal() {}

  /** A writer without line ends, or null in batch mode, with {@code -q} and without a terminal. */
  static @Nullable Consumer<String> of(MavenSession session, Log log) {
    Console console = System.console();
    if (console == null
        || !session.getRequest().isInteractiveMode()
        || !log.isInfoEnabled()
        || "dumb".equals(System.getenv("TERM"))) {
      return null;
    }
    return text -> {
      console.writer().print(text);
      console.flush();
    };
  }
}
