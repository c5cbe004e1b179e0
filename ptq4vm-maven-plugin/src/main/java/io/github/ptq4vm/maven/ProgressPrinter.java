package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileListener;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.maven.plugin.logging.Log;
import org.jspecify.annotations.Nullable;

/**
 * Shows what the compiler does. On a terminal the current task is one line that is drawn again in
 * place; elsewhere it is a log line every ten seconds. Tasks of under five seconds leave no trace
 * in the log.
 */
final class ProgressPrinter implements CompileListener, AutoCloseable {
  private static final double LOG_SECONDS = 10;
  private static final double SHORT_TASK_SECONDS = 5;

  private final Log log;
  private final @Nullable Consumer<String> terminal;
  private final LongSupplier nanoTime;
  private @Nullable TaskProgress current;
  private double loggedAt;
  private int drawn;

  /**
   * Creates a printer.
   *
   * @param terminal writes to the terminal without a line end, or null if there is none
   */
  ProgressPrinter(Log log, @Nullable Consumer<String> terminal, LongSupplier nanoTime) {
    this.log = log;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  @Override
  public void info(String message) {
    erase();
    log.info(message);
  }

  @Override
  public void warn(String message) {
    erase();
    log.warn(message);
  }

  @Override
  public void progress(String task, long done, long total, String unit) {
    long now = nanoTime.getAsLong();
    TaskProgress progress = current;
    if (progress == null || !progress.task().equals(task)) {
      finish();
      progress = new TaskProgress(task, done, now);
      current = progress;
      loggedAt = 0;
    }
    progress.update(done, total, unit, now);
    if (progress.isComplete()) {
      finish();
    } else if (terminal != null) {
      draw(progress.bar());
    } else if (progress.seconds() - loggedAt >= LOG_SECONDS) {
      loggedAt = progress.seconds();
      log.info(progress.line());
    }
  }

  /** Ends the task that is going on. */
  @Override
  public void close() {
    finish();
  }

  private void finish() {
    erase();
    if (current != null && current.seconds() >= SHORT_TASK_SECONDS) {
      log.info(current.summary());
    }
    current = null;
  }

  private void draw(String line) {
    if (terminal != null) {
      terminal.accept("\r" + line + " ".repeat(Math.max(0, drawn - line.length())));
      drawn = line.length();
    }
  }

  private void erase() {
    if (terminal != null && drawn > 0) {
      terminal.accept("\r" + " ".repeat(drawn) + "\r");
      drawn = 0;
    }
  }
}
