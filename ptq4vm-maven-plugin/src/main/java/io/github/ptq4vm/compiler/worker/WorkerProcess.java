package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileListener;
import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.VerifyRequest;
import io.github.ptq4vm.compiler.VerifyResult;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The launching side of a worker: starts a JVM for one job, passes its events on and kills it when
 * the calling thread is interrupted or this JVM ends. Leaves {@code request.json}, {@code
 * worker.args} and {@code worker.log} in the settings' directory, so that the call can be replayed
 * with {@code java @worker.args}.
 */
public final class WorkerProcess implements CompileFunction, VerifyFunction {
  private static final int LOG_LINES = 20;
  private static final long EXIT_SECONDS = 20;

  private final WorkerSettings settings;
  private final String compilerMain;
  private final String verifierMain;

  /** Creates a launcher of the compiler and of the verifier. */
  public WorkerProcess(WorkerSettings settings) {
    this(
        settings,
        "io.github.ptq4vm.compiler.worker.WorkerMain",
        "io.github.ptq4vm.compiler.worker.VerifyMain");
  }

  WorkerProcess(WorkerSettings settings, String compilerMain, String verifierMain) {
    this.settings = settings;
    this.compilerMain = compilerMain;
    this.verifierMain = verifierMain;
  }

  /**
   * {@inheritDoc}
   *
   * <p>The listener is called from the calling thread.
   */
  @Override
  public CompileResult compile(CompileRequest request, CompileListener listener)
      throws IOException, InterruptedException {
    return call(compilerMain, request, WorkerEvent.Done.class, "<batch>", listener).result();
  }

  /**
   * {@inheritDoc}
   *
   * <p>The listener is called from the calling thread.
   */
  @Override
  public VerifyResult verify(VerifyRequest request, CompileListener listener)
      throws IOException, InterruptedException {
    return call(verifierMain, request, WorkerEvent.Verified.class, "", listener).result();
  }

  /**
   * Starts a worker, hears it and returns its last word.
   *
   * @param saving the parameter that saves memory if it is smaller, or an empty text
   */
  private <E extends WorkerEvent> E call(
      String mainClass, Object request, Class<E> expected, String saving, CompileListener listener)
      throws IOException, InterruptedException {
    Path directory = Files.createDirectories(settings.directory().toAbsolutePath());
    Path requestFile = directory.resolve("request.json");
    Path log = directory.resolve("worker.log");
    WorkerJson.write(requestFile, request);
    Process process =
        new WorkerCommand(settings, mainClass)
            .write(directory.resolve("worker.args"), requestFile)
            .directory(directory.toFile())
            .redirectError(log.toFile())
            .start();
    Thread killer = new Thread(process::destroyForcibly, "worker killer");
    Runtime.getRuntime().addShutdownHook(killer);
    try {
      WorkerEvent last = listen(process, log, listener);
      if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
      return result(last, expected, process.exitValue(), saving, log);
    } finally {
      process.destroyForcibly();
      removeHook(killer);
    }
  }

  /** Passes events on until the worker closes its output; returns its last word, if it had one. */
  private static @Nullable WorkerEvent listen(Process process, Path log, CompileListener listener)
      throws InterruptedException {
    BlockingQueue<Optional<WorkerEvent>> queue = new LinkedBlockingQueue<>();
    Thread reader = new Thread(() -> read(process, log, queue), "worker events");
    reader.setDaemon(true);
    reader.start();
    WorkerEvent last = null;
    for (Optional<WorkerEvent> event = queue.take(); event.isPresent(); event = queue.take()) {
      event.get().tell(listener);
      if (event.get().isLast()) {
        last = event.get();
      }
    }
    return last;
  }

  private static void read(Process process, Path log, BlockingQueue<Optional<WorkerEvent>> queue) {
    try (PrintStream others =
        new PrintStream(
            Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND),
            true,
            StandardCharsets.UTF_8)) {
      new EventReader(event -> queue.add(Optional.of(event)), others::println)
          .readAll(process.getInputStream());
    } catch (IOException e) {
      // A pipe that breaks ends the stream; the exit status tells the rest.
    } finally {
      queue.add(Optional.empty());
    }
  }

  private <E extends WorkerEvent> E result(
      @Nullable WorkerEvent last, Class<E> expected, int status, String saving, Path log) {
    if (expected.isInstance(last)) {
      // Native libraries may crash while the JVM goes down; the result is complete by then.
      return expected.cast(last);
    }
    if (last instanceof WorkerEvent.Error error) {
      throw new CompileException(error.message());
    }
    List<String> tail = LogTail.of(log, LOG_LINES);
    throw new WorkerException(
        "The worker JVM ended with status "
            + status
            + " and without a result. "
            + advice(status, saving, tail)
            + " To run it again by hand: "
            + settings.java()
            + " @"
            + log.resolveSibling("worker.args")
            + " . The end of its log "
            + log
            + ":\n"
            + (tail.isEmpty() ? "(empty)" : String.join("\n", tail)));
  }

  private String advice(int status, String saving, List<String> tail) {
    // Where the JVM ends itself, as with -XX:+ExitOnOutOfMemoryError, only the log says why.
    if (status == Worker.OUT_OF_MEMORY
        || tail.stream().anyMatch(line -> line.contains("java.lang.OutOfMemoryError"))) {
      return "Its heap of "
          + settings.memory()
          + " was too small: give it more with <workerMemory>, e.g. 8g"
          + (saving.isEmpty() ? "." : ", or set a smaller " + saving + ".");
    }
    if (status == 137) {
      return "The system killed it, as a rule because memory ran out: free memory, or set a smaller"
          + " <workerMemory>"
          + (saving.isEmpty() ? "." : " or " + saving + ".");
    }
    return "Its log says why; if that looks like a defect, please report it with the log.";
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // This JVM is ending: the hook runs, which is what it is for.
    }
  }
}
