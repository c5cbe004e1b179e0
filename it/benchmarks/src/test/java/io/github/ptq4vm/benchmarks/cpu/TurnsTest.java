package io.github.ptq4vm.benchmarks.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.benchmarks.PairedTiming;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private static final Load SINGLE = new Load("vim_tiny", 224, 2, 1);

  @Test
  void aProgramThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> Rival.start("Nobody", List.of("no-such-program-anywhere")))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("Nobody cannot be started");
  }

  @Test
  void aWorkerAnswersAndRefuses() {
    try (Rival worker =
        Rival.start("worker", Contender.java(Contender.NO_FLAG, List.of("-Xshare:auto")))) {
      assertThatThrownBy(() -> worker.ask(Ask.run(1)))
          .isInstanceOf(Refusal.class)
          .hasMessage("Nothing is open.");
      assertThatThrownBy(
              () ->
                  worker.ask(
                      Ask.open(Contender.inFloat("scalar"), new Load("vim_huge", 224, 1, 1))))
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("vim_huge");
    }
  }

  @Test
  void aProcessThatEndsIsRefused() {
    try (Rival worker =
        Rival.start("worker", Contender.java(Contender.NO_FLAG, List.of("-version")))) {
      assertThatThrownBy(() -> worker.ask(Ask.run(1)))
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("ended without an answer");
    }
  }

  @Test
  void criteriaLookAtTheFastestAndAtVector() {
    List<LatencyPart.Row> rows =
        List.of(row("vector", "w8a8", 20), row("onednn", "w8a8", 10), row("vector", "", 40));
    StringWriter text = new StringWriter();

    boolean met = new LatencyCriteria(rows).print(new PrintWriter(text, true));

    assertThat(met).isTrue();
    assertThat(text.toString())
        .contains("ms an image, onednn, vim_tiny w8a8, 2 threads | 12 | 10.0 | yes")
        .contains("times PyTorch's, vector, vim_tiny w8a8, 2 threads | 5 | 6.0 | yes")
        .contains("| vector | vim_tiny | w8a8 | auto | 2 | 1 | 2.00 |");
  }

  @Test
  void whatIsTooSlowIsNotMet() {
    StringWriter text = new StringWriter();

    boolean met =
        new LatencyCriteria(List.of(row("vector", "w8a8", 13))).print(new PrintWriter(text, true));

    assertThat(met).isFalse();
    assertThat(text.toString()).contains("| 12 | 13.0 | no |").contains("| 10 | 9.2 | no |");
  }

  /** A contender whose runs take some milliseconds where PyTorch takes 120. */
  private static LatencyPart.Row row(String kernels, String variant, int millis) {
    PairedTiming timing =
        new PairedTiming(new long[] {120_000_000}, new long[] {millis * 1_000_000L});
    Contender contender =
        variant.isEmpty()
            ? Contender.inFloat(kernels)
            : new Contender(kernels, "auto", variant, null);
    return new LatencyPart.Row(contender, SINGLE, new Turns(timing, timing));
  }
}
