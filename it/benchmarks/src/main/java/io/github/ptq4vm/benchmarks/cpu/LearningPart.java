package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A learning step of the compiler beside the same step in PyTorch, in turns. */
final class LearningPart {
  private static final int ROUNDS = 3;
  private static final double LEAST_GAIN = 2;
  private static final String COMPILED = "compiled";
  private static final String STEPWISE = "stepwise";

  /** A loop over tokens takes seconds a step; the first two do not count. */
  private static final int SLOW_STEPS = 4;

  private final Path folder;
  private final PrintWriter out;

  LearningPart(Path folder, PrintWriter out) {
    this.folder = folder;
    this.out = out;
  }

  /** Prints a row a scan and number of threads; returns whether the criterion is met. */
  boolean print(String model, String variant, int batch, int steps, int[] threads) {
    out.printf(
        Locale.ROOT,
        "%n## A learning step: first block of %s, %s, %d images%n%nForward and backward through the"
            + " block under fake quantization, the update included; medians of %d rounds of%n%d"
            + " steps in turns, of each round without its first two. PyTorch: autograd, with a scan"
            + " compiled from C++%n(forward and backward) or with a loop over tokens. At least %.0f"
            + " times faster than PyTorch is wanted.%n%n",
        model,
        variant,
        batch,
        ROUNDS,
        steps,
        LEAST_GAIN);
    out.println("| PyTorch's scan | threads | PyTorch ms a step | ms a step | times PyTorch's |");
    out.println("|---|---|---|---|---|");
    boolean met = true;
    for (int count : threads) {
      met &= row(request(model, variant, batch, count, steps), COMPILED, ROUNDS, steps);
    }
    JsonObject last = request(model, variant, batch, threads[threads.length - 1], steps);
    return met & row(last, STEPWISE, 1, SLOW_STEPS);
  }

  private boolean row(JsonObject request, String scan, int rounds, int peerSteps) {
    String threads = request.get("threads").getAsString();
    try (Rival peer = Rival.start(Contender.BASE.kernels(), Contender.BASE.command(folder));
        Rival own = Rival.start("The compiler", java())) {
      List<Double> theirs = new ArrayList<>();
      List<Double> ours = new ArrayList<>();
      for (int round = 0; round < rounds; round++) {
        ours.addAll(millis(own.ask(request)));
        JsonObject other = request.deepCopy();
        other.addProperty("scan", scan);
        other.addProperty("steps", peerSteps);
        theirs.addAll(millis(peer.ask(other)));
      }
      double their = Figures.quantile(theirs, 0.5);
      double our = Figures.quantile(ours, 0.5);
      out.printf(
          Locale.ROOT,
          "| %s | %s | %.1f | %.1f | %.2f |%n",
          scan,
          threads,
          their,
          our,
          their / our);
      return their / our >= LEAST_GAIN;
    } catch (Refusal refusal) {
      out.printf("| %s | %s | %s | | |%n", scan, threads, refusal.getMessage());
      return true;
    } finally {
      out.flush();
    }
  }

  private static JsonObject request(
      String model, String variant, int batch, int threads, int steps) {
    JsonObject request = Ask.plain("learn");
    request.addProperty("model", model);
    request.addProperty("variant", variant);
    request.addProperty("batch", batch);
    request.addProperty("threads", threads);
    request.addProperty("steps", steps);
    return request;
  }

  /** Without the first two, which pay for what is made once. */
  private static List<Double> millis(JsonObject answer) {
    List<Double> millis = new ArrayList<>();
    for (JsonElement nanos : answer.getAsJsonArray("wall")) {
      millis.add(nanos.getAsLong() / 1e6);
    }
    return millis.subList(Math.min(2, millis.size() - 1), millis.size());
  }

  /** With the options of this JVM, which are those the compiler's worker has. */
  private static List<String> java() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(CpuWorker.class.getName());
    return command;
  }
}
