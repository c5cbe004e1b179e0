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
        || !isTerminal(Console.class, console)
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

  /**
   * Whether a console is a terminal. Before JDK 22 there was no console otherwise; from then on
   * there may be one for a file or a pipe, and it has a method that tells.
   *
   * @param type the public class that may have the method
   */
  static <T> boolean isTerminal(Class<T> type, T console) {
    try {
      return (Boolean) type.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }
}
