package io.github.ptq4vm.compiler.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerTest {
  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[1]", "{\"checkpoint\":7,\"variants\":3}"})
  @DisplayName("reports a request file that holds no request as an error")
  void badRequest(String text) throws Exception {
    Path file = Files.writeString(directory.resolve("request.json"), text);
    assertThat(Worker.run(file, out, (request, listener) -> Requests.result("x")))
        .isEqualTo(Worker.OK);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("\"event\":\"error\"", "request.json");
  }

  @Test
  @DisplayName("fails without an event when there is no request file")
  void missingRequest() {
    int status =
        Worker.run(directory.resolve("x"), out, (request, listener) -> Requests.result("x"));
    assertThat(status).isEqualTo(Worker.FAILED);
    assertThat(out.size()).isZero();
  }

  @Test
  @DisplayName("passes at most ten progress events a second on, and a task's first and last")
  void throttle() {
    AtomicLong clock = new AtomicLong();
    EventWriter writer = new EventWriter(out, clock::get);
    for (int i = 1; i <= 1000; i++) {
      clock.addAndGet(1_000_000);
      writer.progress("learn", i, 1000, "steps");
    }
    writer.progress("pack", 0, 2, "jars");
    List<WorkerEvent> events = new ArrayList<>();
    assertThat(read(events)).isEmpty();
    assertThat(events).hasSizeBetween(10, 13);
    assertThat(events.get(0)).isEqualTo(new WorkerEvent.Progress("learn", 1, 1000, "steps"));
    assertThat(events)
        .contains(new WorkerEvent.Progress("learn", 1000, 1000, "steps"))
        .endsWith(new WorkerEvent.Progress("pack", 0, 2, "jars"));
  }

  @Test
  @DisplayName("brings every kind of event through, with separators and line ends in its text")
  void roundTrip() {
    List<WorkerEvent> sent =
        List.of(
            new WorkerEvent.Info("a\u001eb\nc \"<é>"),
            new WorkerEvent.Warn(""),
            new WorkerEvent.Progress("t", 1, 1L << 40, "u"),
            new WorkerEvent.Error("no"),
            new WorkerEvent.Done(Requests.result("vim")));
    EventWriter writer = new EventWriter(out, () -> 0);
    sent.forEach(writer::send);
    List<WorkerEvent> events = new ArrayList<>();
    assertThat(read(events)).isEmpty();
    assertThat(events).isEqualTo(sent);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "7",
        "{",
        "null",
        "{\"event\":\"boom\"}",
        "{\"event\":{}}",
        "{\"event\":\"progress\",\"done\":\"x\"}"
      })
  @DisplayName("takes a line that is no event for other output")
  void noEvent(String json) {
    out.writeBytes((WorkerEvent.SEPARATOR + json + "\n").getBytes(StandardCharsets.UTF_8));
    List<WorkerEvent> events = new ArrayList<>();
    assertThat(read(events)).containsExactly(json);
    assertThat(events).isEmpty();
  }

  private List<String> read(List<WorkerEvent> events) {
    List<String> others = new ArrayList<>();
    try {
      new EventReader(events::add, others::add)
          .readAll(new ByteArrayInputStream(out.toByteArray()));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return others;
  }

  @Test
  @DisplayName("gives all workers together half of the memory, each between 512 MiB and 8 GiB")
  void heap() {
    assertThat(WorkerMemory.of(1L << 29, 1)).isEqualTo("512m");
    assertThat(WorkerMemory.of(6L << 30, 1)).isEqualTo("3072m");
    assertThat(WorkerMemory.of(6L << 30, 3)).isEqualTo("1024m");
    assertThat(WorkerMemory.of(6L << 30, 64)).isEqualTo("512m");
    assertThat(WorkerMemory.of(1L << 40, 2)).isEqualTo("8192m");
    assertThat(WorkerMemory.ofThisMachine(1)).matches("[0-9]{3,4}m");
  }

  @Test
  @DisplayName("reads no more of a log than its end")
  void tail() throws Exception {
    Path log = directory.resolve("log");
    Files.writeString(log, "first\n" + "x".repeat(100_000) + "\nlast but one\nlast\n");
    assertThat(LogTail.of(log, 2)).containsExactly("last but one", "last");
    assertThat(LogTail.of(log, 9)).hasSize(3).doesNotContain("first");
    assertThat(LogTail.of(directory.resolve("none"), 5)).isEmpty();
  }
}
