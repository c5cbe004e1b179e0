package io.github.ptq4vm.compiler.worker;

import com.google.gson.JsonParseException;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileListener;
import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.VerifyRequest;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.function.ToIntFunction;

/**
 * What a worker JVM does: reads the request, compiles and reports. Its standard output carries
 * events only; everything else that is printed goes to its standard error.
 */
final class Worker {
  /** Exit status after a result or after an error that was reported as an event. */
  static final int OK = 0;

  /** Exit status after a failure of the compiler itself; its stack trace is in the log. */
  static final int FAILED = 70;

  /** Exit status after the heap was full; the stack trace is in the log. */
  static final int OUT_OF_MEMORY = 71;

  /** Exit status of a worker whose parent died. */
  static final int ORPHANED = 75;

  private Worker() {}

  /**
   * Runs a compilation in a JVM of its own, watching the parent, and returns the exit status.
   *
   * @param arguments the request file's path
   */
  static int main(String[] arguments, CompileFunction compiler) {
    return alone(events -> run(Path.of(arguments[0]), events, compiler));
  }

  /** Runs a verification like {@link #main}. */
  static int verify(String[] arguments, VerifyFunction verifier) {
    return alone(
        events ->
            run(
                Path.of(arguments[0]),
                events,
                VerifyRequest.class,
                (request, listener) ->
                    new WorkerEvent.Verified(verifier.verify(request, listener))));
  }

  /** Keeps the standard output for events, and watches the parent. */
  private static int alone(ToIntFunction<OutputStream> job) {
    OutputStream events = new FileOutputStream(FileDescriptor.out);
    System.setOut(System.err);
    watchParent(System.in);
    return job.applyAsInt(events);
  }

  /** Runs a compilation and returns the exit status. */
  static int run(Path requestFile, OutputStream out, CompileFunction compiler) {
    return run(
        requestFile,
        out,
        CompileRequest.class,
        (request, listener) -> new WorkerEvent.Done(compiler.compile(request, listener)));
  }

  /** What is done with a request; its last word is returned. */
  private interface Job<Q> {
    WorkerEvent run(Q request, CompileListener listener) throws IOException, InterruptedException;
  }

  private static <Q> int run(Path requestFile, OutputStream out, Class<Q> type, Job<Q> job) {
    EventWriter events = new EventWriter(out, System::nanoTime);
    try {
      events.send(job.run(read(requestFile, type), events));
      return OK;
    } catch (Exception | Error e) {
      e.printStackTrace(System.err);
      // First, because image decoders wrap this error: it is not the image that is at fault.
      if (isOutOfMemory(e)) {
        return OUT_OF_MEMORY;
      }
      if (e instanceof CompileException) {
        events.send(new WorkerEvent.Error(String.valueOf(e.getMessage())));
        return OK;
      }
      return FAILED;
    }
  }

  /** Whether memory ran out, in this thread or in one that it waited for. */
  private static boolean isOutOfMemory(Throwable thrown) {
    // A chain of causes may be a circle, and none that means anything is this long.
    int most = 100;
    Throwable cause = thrown;
    for (int i = 0; i < most && cause != null; i++) {
      if (cause instanceof OutOfMemoryError) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  private static <Q> Q read(Path file, Class<Q> type) throws IOException {
    Q request;
    try {
      request = WorkerJson.read(file, type);
    } catch (JsonParseException e) {
      throw new CompileException("The request file " + file + " holds no valid request.", e);
    }
    if (request == null) {
      throw new CompileException("The request file " + file + " is empty.");
    }
    return request;
  }

  /** The parent keeps the worker's standard input open: its end means that the parent is gone. */
  private static void watchParent(InputStream in) {
    Thread watch =
        new Thread(
            () -> {
              try {
                in.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                // A broken pipe means the same as its end.
              }
              Runtime.getRuntime().halt(ORPHANED);
            },
            "parent watch");
    watch.setDaemon(true);
    watch.start();
  }
}
