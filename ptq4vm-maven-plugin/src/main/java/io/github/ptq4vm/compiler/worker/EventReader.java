package io.github.ptq4vm.compiler.worker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** The launching end of the event stream: takes a worker's standard output apart. */
final class EventReader {
  private final Consumer<WorkerEvent> events;
  private final Consumer<String> others;

  /**
   * Creates a reader.
   *
   * @param events hears the events in order
   * @param others hears every line or part of a line that is no event
   */
  EventReader(Consumer<WorkerEvent> events, Consumer<String> others) {
    this.events = events;
    this.others = others;
  }

  /** Reads to the end of the stream. */
  void readAll(InputStream in) throws IOException {
    BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      take(line);
    }
  }

  private void take(String line) {
    int separator = line.lastIndexOf(WorkerEvent.SEPARATOR);
    String before = separator < 0 ? line : line.substring(0, separator);
    if (!before.isEmpty()) {
      others.accept(before);
    }
    if (separator >= 0) {
      String json = line.substring(separator + 1);
      WorkerEvent event = WorkerEvent.parse(json);
      if (event == null) {
        others.accept(json);
      } else {
        events.accept(event);
      }
    }
  }
}
