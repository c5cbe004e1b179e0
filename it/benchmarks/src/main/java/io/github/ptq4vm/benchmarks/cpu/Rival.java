package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process that answers requests, a JSON object a line each way. It does nothing between them, so
 * several can be timed in turns.
 */
final class Rival implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 10;
  private static final String REFUSED = "refused";

  private final String name;
  private final Process process;
  private final BufferedWriter requests;
  private final BufferedReader answers;

  private Rival(String name, Process process) {
    this.name = name;
    this.process = process;
    this.requests =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts a process, whose messages go where this one's do.
   *
   * @throws Refusal if there is no such program
   */
  static Rival start(String name, List<String> command) {
    try {
      return new Rival(
          name, new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    } catch (IOException e) {
      throw new Refusal(name + " cannot be started: " + e.getMessage() + ".");
    }
  }

  /**
   * Asks and waits for the answer.
   *
   * @throws Refusal if the process says that it cannot, or is gone
   */
  JsonObject ask(JsonObject request) {
    try {
      send(request);
      @Nullable String line = answers.readLine();
      if (line == null) {
        throw new Refusal(name + " ended without an answer; its messages say why.");
      }
      JsonObject answer = JsonParser.parseString(line).getAsJsonObject();
      if (answer.has(REFUSED)) {
        throw new Refusal(answer.get(REFUSED).getAsString());
      }
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A process that has ended may have left an answer that says why: not to be lost. */
  private void send(JsonObject request) {
    try {
      requests.write(request.toString());
      requests.newLine();
      requests.flush();
    } catch (IOException gone) {
      if (process.isAlive()) {
        throw new UncheckedIOException(gone);
      }
    }
  }

  /** Ends the process. */
  @Override
  public void close() {
    try {
      requests.close();
    } catch (IOException gone) {
      // It has ended already.
    }
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
