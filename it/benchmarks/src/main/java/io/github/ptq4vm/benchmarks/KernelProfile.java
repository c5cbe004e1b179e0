package io.github.ptq4vm.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/**
 * Where the time of one thread goes, from Flight Recorder's samples: each sample counts for the
 * innermost frame of this project's classes or of DJL's. The thread that compiles does a share of
 * every parallel loop itself, so its samples stand for the whole.
 */
public final class KernelProfile implements AutoCloseable {
  private static final String JAVA = "jdk.ExecutionSample";
  private static final String NATIVE = "jdk.NativeMethodSample";
  private static final Duration PERIOD = Duration.ofMillis(20);
  private static final String OWN = "io.github.ptq4vm.";
  private static final String DJL = "ai.djl.";
  // Arithmetic that kernels share; what matters is which kernel asked for it.
  private static final String ARITHMETIC = OWN + "compiler.tensor.VectorMath";
  private static final double SHOWN = 0.01;

  private final Recording recording = new Recording();
  private final String thread = Thread.currentThread().getName();

  /** Starts to sample; the calling thread is the one that counts. */
  public KernelProfile() {
    recording.enable(JAVA).withPeriod(PERIOD);
    recording.enable(NATIVE).withPeriod(PERIOD);
    recording.start();
  }

  /**
   * A kernel's part.
   *
   * @param name class of this project, or PyTorch
   * @param samples how many samples fell into it
   */
  public record Part(String name, long samples) {}

  /** Stops and counts; most frequent first. */
  public List<Part> parts() throws IOException {
    recording.stop();
    Path file = Files.createTempFile("ptq4vm-profile", ".jfr");
    try {
      recording.dump(file);
      Map<String, Long> counts = new HashMap<>();
      for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
        if (event.getStackTrace() != null && isCounted(event)) {
          String name = name(typeNames(event));
          counts.merge(name, 1L, Long::sum);
        }
      }
      return counts.entrySet().stream()
          .map(entry -> new Part(entry.getKey(), entry.getValue()))
          .sorted(Comparator.comparingLong(Part::samples).reversed().thenComparing(Part::name))
          .toList();
    } finally {
      Files.delete(file);
    }
  }

  private boolean isCounted(RecordedEvent event) {
    String type = event.getEventType().getName();
    if (!type.equals(JAVA) && !type.equals(NATIVE)) {
      return false;
    }
    RecordedThread sampled = event.getThread("sampledThread");
    return sampled != null && thread.equals(sampled.getJavaName());
  }

  private static List<String> typeNames(RecordedEvent event) {
    List<String> names = new ArrayList<>();
    for (RecordedFrame frame : event.getStackTrace().getFrames()) {
      names.add(frame.getMethod().getType().getName());
    }
    return names;
  }

  /**
   * What a sample counts for.
   *
   * @param types classes of the stack's frames, innermost first
   */
  static String name(List<String> types) {
    for (String type : types) {
      if (type.startsWith(DJL)) {
        return "PyTorch";
      }
      if (type.startsWith(OWN) && !type.equals(ARITHMETIC)) {
        int nested = type.indexOf('$');
        String outer = nested < 0 ? type : type.substring(0, nested);
        return outer.substring(outer.lastIndexOf('.') + 1);
      }
    }
    return "other";
  }

  /** A Markdown table of shares; what is below one percent is one row. */
  public static String markdown(List<Part> parts) {
    long all = parts.stream().mapToLong(Part::samples).sum();
    StringBuilder table = new StringBuilder("| class | share % |\n|---|---|\n");
    long rest = 0;
    for (Part part : parts) {
      if (part.samples() < SHOWN * all) {
        rest += part.samples();
      } else {
        row(table, part.name(), part.samples(), all);
      }
    }
    if (rest > 0) {
      row(table, "the rest", rest, all);
    }
    return table.toString();
  }

  private static void row(StringBuilder table, String name, long samples, long all) {
    table.append(String.format(Locale.ROOT, "| %s | %.1f |\n", name, 100.0 * samples / all));
  }

  @Override
  public void close() {
    recording.close();
  }
}
