package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileListener;
import java.io.PrintWriter;

/** Tells a person who waits what goes on, every few seconds. */
final class ConsoleListener implements CompileListener {
  private static final long INTERVAL = 10_000_000_000L;

  private final PrintWriter out;
  private long last = System.nanoTime();

  ConsoleListener(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void info(String message) {
    out.println(message);
  }

  @Override
  public void warn(String message) {
    out.println("Warning: " + message);
  }

  @Override
  public void progress(String task, long done, long total, String unit) {
    long now = System.nanoTime();
    if (now - last > INTERVAL) {
      last = now;
      out.println(task + ": " + done + " of " + total + " " + unit);
    }
  }
}
