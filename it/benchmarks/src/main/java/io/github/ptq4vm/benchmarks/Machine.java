package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The machine a figure was measured on. */
public final class Machine {
  private static final Path CPU = Path.of("/proc/cpuinfo");
  private static final Path LOAD = Path.of("/proc/loadavg");
  private static final Path STATUS = Path.of("/proc/self/status");

  private static final List<String> VECTORS =
      List.of("fma", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8");

  private Machine() {}

  /**
   * The head of every result: when, where, with which command.
   *
   * @param command as typed, after {@code run.sh}
   */
  public static String header(String command) {
    return """
        Command: `it/benchmarks/run.sh %s`
        Date: %s
        Machine: %s, %d processors, %s, Java %s
        """
        .formatted(
            command,
            LocalDate.now(ZoneOffset.UTC),
            line(CPU, "model name").orElse(System.getProperty("os.arch")),
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name"),
            Runtime.version());
  }

  /** The largest resident memory this process has had, in bytes; only on Linux. */
  public static Optional<Long> peakMemory() {
    return line(STATUS, "VmHWM").map(Machine::kibibytes);
  }

  /** Bytes of a line such as {@code 1234 kB}. */
  static long kibibytes(String value) {
    return 1024 * Long.parseLong(value.replace("kB", "").strip());
  }

  /** Sets of vector instructions that kernels of any provider could use; only on Linux. */
  public static String vectors() {
    Set<String> flags = Set.of(line(CPU, "flags").orElse("").split(" "));
    String known = VECTORS.stream().filter(flags::contains).collect(Collectors.joining(" "));
    return known.isEmpty() ? "not known here" : known;
  }

  /** Processes that wanted to run, on average over 1, 5 and 15 minutes; only on Linux. */
  public static String load() {
    if (!Files.isReadable(LOAD)) {
      return "not known here";
    }
    try {
      return String.join(
          ", ", List.of(Files.readString(LOAD, StandardCharsets.UTF_8).split(" ")).subList(0, 3));
    } catch (IOException e) {
      throw new CompileException("The file " + LOAD + " cannot be read: " + e + ".", e);
    }
  }

  private static Optional<String> line(Path file, String name) {
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(file, StandardCharsets.UTF_8)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      throw new CompileException("The file " + file + " cannot be read: " + e + ".", e);
    }
  }
}
