package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.CompileListener;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressPrinterTest {
  private final RecordingLog log = new RecordingLog();
  private final List<String> terminal = new ArrayList<>();
  private long seconds;

  private ProgressPrinter plain() {
    return new ProgressPrinter(log, null, () -> seconds * 1_000_000_000);
  }

  private void run(ProgressPrinter printer, String task, int steps, int secondsEach) {
    for (int i = 0; i <= steps; i++) {
      printer.progress(task, i, steps, "images");
      seconds += i < steps ? secondsEach : 0;
    }
  }

  @Test
  @DisplayName("logs a line every ten seconds with rate and time left, and a summary")
  void batch() {
    run(plain(), "w4a4: learning", 30, 1);
    assertThat(log.lines)
        .containsExactly(
            "info w4a4: learning:  33 % (10 of 30 images, 1.0/s, 0:20 left)",
            "info w4a4: learning:  67 % (20 of 30 images, 1.0/s, 0:10 left)",
            "info w4a4: learning: 30 images in 0:30, 1.0/s");
  }

  @Test
  @DisplayName("leaves no trace of a task of under five seconds")
  void shortTask() {
    ProgressPrinter printer = plain();
    run(printer, "read", 4, 1);
    assertThat(log.lines).isEmpty();
    run(printer, "write", 5, 1);
    assertThat(log.lines).containsExactly("info write: 5 images in 0:05, 1.0/s");
  }

  @Test
  @DisplayName("shows work, which is no number anybody has set, as the share that is done")
  void work() {
    ProgressPrinter printer = plain();
    for (int i = 0; i <= 4; i++) {
      printer.progress("Quantizing w4a4", i, 4, CompileListener.WORK);
      seconds += 10;
    }
    printer.progress("Quantizing w8a8", 0, 3, CompileListener.WORK);
    seconds += 10;
    printer.progress("Quantizing w8a8", 1, 3, CompileListener.WORK);
    printer.close();
    assertThat(log.lines)
        .containsExactly(
            "info Quantizing w4a4:  25 % of the work done, 0:30 left",
            "info Quantizing w4a4:  50 % of the work done, 0:20 left",
            "info Quantizing w4a4:  75 % of the work done, 0:10 left",
            "info Quantizing w4a4: all work done in 0:40",
            "info Quantizing w8a8:  33 % of the work done, 0:20 left",
            "info Quantizing w8a8: 33 % of the work done in 0:10");
  }

  @Test
  @DisplayName("tells seconds a unit when units take longer than one")
  void slow() {
    run(plain(), "blocks", 3, 40);
    assertThat(log.lines)
        .containsExactly(
            "info blocks:  33 % (1 of 3 images, 40.0 s each, 1:20 left)",
            "info blocks:  67 % (2 of 3 images, 40.0 s each, 0:40 left)",
            "info blocks: 3 images in 2:00, 40.0 s each");
  }

  @Test
  @DisplayName("does not count units that an earlier run finished into the rate")
  void resumed() {
    ProgressPrinter printer = plain();
    printer.progress("t", 100, 120, "images");
    seconds += 10;
    printer.progress("t", 110, 120, "images");
    assertThat(log.lines).containsExactly("info t:  92 % (110 of 120 images, 1.0/s, 0:10 left)");
  }

  @Test
  @DisplayName("sums a task up that another one replaces before its end")
  void replaced() {
    ProgressPrinter printer = plain();
    printer.progress("a", 0, 9, "images");
    seconds = 6;
    printer.progress("a", 3, 9, "images");
    printer.progress("b", 0, 9, "images");
    printer.close();
    assertThat(log.lines).containsExactly("info a: 3 images in 0:06, 2.0 s each");
  }

  @Test
  @DisplayName("draws one line on a terminal and wipes it before anything else is printed")
  void terminal() {
    ProgressPrinter printer =
        new ProgressPrinter(
            log,
            text -> {
              terminal.add(text);
              log.lines.add("terminal");
            },
            () -> seconds * 1_000_000_000);
    printer.progress("learn", 0, 4, "images");
    seconds = 2;
    printer.progress("learn", 1, 4, "images");
    printer.info("hello");
    printer.close();
    assertThat(terminal.get(0)).isEqualTo("\rlearn [" + " ".repeat(20) + "]   0 % (0 of 4 images)");
    assertThat(terminal.get(1))
        .startsWith("\rlearn [=====               ]  25 % (1 of 4 images, 2.0 s each, 0:06 left)");
    assertThat(terminal.get(2)).matches("\r +\r").hasSize(terminal.get(1).length() + 1);
    assertThat(log.lines).containsExactly("terminal", "terminal", "terminal", "info hello");
  }

  @Test
  @DisplayName("covers a longer line by a shorter one")
  void shorter() {
    ProgressPrinter printer = new ProgressPrinter(log, terminal::add, () -> 0);
    printer.progress("a long task", 1, 3, "images");
    printer.progress("b", 1, 3, "images");
    assertThat(terminal.get(1)).isBlank();
    printer.progress("b", 1, 3, "images of all");
    printer.progress("b", 1, 3, "i");
    assertThat(terminal.get(4)).hasSameSizeAs(terminal.get(3));
  }

  @ParameterizedTest
  @CsvSource({"0,0:00", "59.4,0:59", "59.6,1:00", "3599,59:59", "3661,1:01:01"})
  @DisplayName("writes durations like a clock")
  void clock(double seconds, String text) {
    assertThat(TaskProgress.clock(seconds)).isEqualTo(text);
  }
}
