package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** A JVM that does what {@link Rival} asks: opens a network, runs it, tells what it took. */
public final class CpuWorker {
  private CpuWorker() {}

  /** Answers each line of standard input with a line of standard output, until there is none. */
  public static void main(String[] arguments) throws IOException {
    PrintStream answers =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    // Whatever libraries print must not be taken for an answer.
    System.setOut(System.err);
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (Session session = new Session()) {
      for (String line = requests.readLine(); line != null; line = requests.readLine()) {
        JsonObject answer;
        try {
          answer = answer(session, JsonParser.parseString(line).getAsJsonObject());
        } catch (RuntimeException | LinkageError e) {
          answer = new JsonObject();
          answer.addProperty("refused", String.valueOf(e.getMessage()));
        }
        answers.println(answer);
      }
    }
  }

  private static JsonObject answer(Session session, JsonObject request) throws IOException {
    String what = request.get("do").getAsString();
    return switch (what) {
      case "open" -> session.open(request);
      case "run" -> session.run(request.get("runs").getAsInt());
      case "logits" -> session.logits();
      case "profile" -> session.profile(request.get("runs").getAsInt());
      case "peak" -> Peak.measure().json();
      case "learn" -> LearningTask.measure(request);
      default -> throw new IllegalArgumentException("There is no request \"" + what + "\".");
    };
  }
}
