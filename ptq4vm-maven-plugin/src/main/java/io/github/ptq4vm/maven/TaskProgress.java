package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileListener;
import java.util.Locale;

/** How far a task is, how fast it goes and how long it will take. Times are in nanoseconds. */
final class TaskProgress {
  private static final int BAR = 20;
  private static final double SECOND = 1e9;

  private final String task;
  private final long startTime;
  private final long startDone;
  private long done;
  private long total;
  private String unit = "";
  private long time;

  /**
   * Starts the clock.
   *
   * @param done units that were finished before, e.g. by an earlier run; they tell nothing about
   *     the rate
   */
  TaskProgress(String task, long done, long time) {
    this.task = task;
    this.startDone = done;
    this.startTime = time;
  }

  void update(long done, long total, String unit, long time) {
    this.done = done;
    this.total = total;
    this.unit = unit;
    this.time = time;
  }

  String task() {
    return task;
  }

  boolean isComplete() {
    return done >= total;
  }

  double seconds() {
    return (time - startTime) / SECOND;
  }

  /** For a line that is drawn again and again: with a bar. */
  String bar() {
    int filled = total <= 0 ? 0 : (int) Math.max(0, Math.min(BAR, BAR * done / total));
    return "%s [%s%s] %s".formatted(task, "=".repeat(filled), " ".repeat(BAR - filled), numbers());
  }

  /** For a log. */
  String line() {
    return task + ": " + numbers();
  }

  /** For the end of a task. */
  String summary() {
    if (isWork()) {
      return "%s: %s in %s"
          .formatted(
              task,
              isComplete() ? "all work done" : share().strip() + " of the work done",
              clock(seconds()));
    }
    return "%s: %d %s in %s%s".formatted(task, done, unit, clock(seconds()), rateText());
  }

  private String numbers() {
    String left = "";
    if (!isComplete() && rate() > 0) {
      left = ", " + clock((total - done) / rate()) + " left";
    }
    return isWork()
        ? share() + " of the work done" + left
        : String.format(
            Locale.ROOT, "%s (%d of %d %s%s%s)", share(), done, total, unit, rateText(), left);
  }

  private boolean isWork() {
    return unit.equals(CompileListener.WORK);
  }

  private String share() {
    return String.format(Locale.ROOT, "%3.0f %%", total <= 0 ? 0 : 100.0 * done / total);
  }

  /** Units a second, or 0 while it is not known. */
  private double rate() {
    return seconds() <= 0 ? 0 : (done - startDone) / seconds();
  }

  private String rateText() {
    double rate = rate();
    if (rate <= 0) {
      return "";
    }
    return rate >= 1 || unit.isEmpty()
        ? String.format(Locale.ROOT, ", %.1f/s", rate)
        : String.format(Locale.ROOT, ", %.1f s each", 1 / rate);
  }

  /** {@code m:ss}, or {@code h:mm:ss} from an hour on. */
  static String clock(double seconds) {
    long s = Math.round(seconds);
    return s < 3600
        ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }
}
