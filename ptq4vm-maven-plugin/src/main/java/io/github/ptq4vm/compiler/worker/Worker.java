package io.github.ptq4vm.compiler.worker;

import com.google.gson.JsonParseException;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.CompileResult;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;

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
    OutputStream events = new FileOutputStream(FileDescriptor.out);
    System.setOut(System.err);
    watchParent(System.in);
    return run(Path.of(arguments[0]), events, compiler);
  }

  /** Runs a compilation and returns the exit status. */
  static int run(Path requestFile, OutputStream out, CompileFunction compiler) {
    EventWriter events = new EventWriter(out, System::nanoTime);
    try {
      CompileResult result = compiler.compile(read(requestFile), events);
      events.send(new WorkerEvent.Done(result));
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

  private static CompileRequest read(Path file) throws IOException {
    CompileRequest request;
    try {
      request = WorkerJson.read(file, CompileRequest.class);
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
