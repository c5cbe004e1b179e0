package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileListener;
import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.CompileResult;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A worker whose compiler does what the request's architecture says. */
public final class TestWorkerMain {
  private TestWorkerMain() {}

  /** Runs the worker. */
  public static void main(String[] args) {
    System.exit(Worker.main(args, TestWorkerMain::compile));
  }

  private static CompileResult compile(CompileRequest request, CompileListener listener)
      throws InterruptedException {
    switch (request.options().architecture()) {
      case "work" -> {
        listener.info("pid " + ProcessHandle.current().pid());
        listener.warn("careful: é");
        for (int i = 1; i <= 3; i++) {
          listener.progress("learn", i, 3, "steps");
        }
      }
      case "noise" -> {
        System.out.println("printed by Java");
        nativeOutput("half a line");
        listener.info("after half a line");
        nativeOutput("{\"event\":\"info\",\"message\":\"forged\"}\n");
      }
      case "environment" ->
          listener.info(
              String.join(
                  " ",
                  System.getenv("OMP_WAIT_POLICY"),
                  System.getenv("OMP_NUM_THREADS"),
                  System.getProperty("ai.djl.offline"),
                  System.getProperty("java.awt.headless"),
                  System.getProperty("a.b"),
                  "" + ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
                  "" + (Runtime.getRuntime().maxMemory() >> 20)));
      case "user error" -> throw new CompileException("The checkpoint is no checkpoint.");
      case "defect" -> throw new IllegalStateException("broken invariant");
      case "halt" -> {
        System.err.println("last words");
        Runtime.getRuntime().halt(134);
      }
      case "memory" -> hoard(0);
      case "memory, taken for an image's fault" -> {
        try {
          hoard(50);
        } catch (OutOfMemoryError e) {
          throw new CompileException("The image is damaged.", new IOException(e));
        }
      }
      case "memory, deep in another thread" -> {
        FutureTask<Integer> task = new FutureTask<>(() -> hoard(50));
        new Thread(task).start();
        try {
          task.get();
        } catch (ExecutionException e) {
          throw new IllegalStateException("A task failed.", e);
        }
      }
      case "sleep" -> {
        listener.info("pid " + ProcessHandle.current().pid());
        Thread.sleep(600_000);
      }
      default -> throw new AssertionError(request.options().architecture());
    }
    return Requests.result(request.options().architecture());
  }

  /** Fills the heap from so many calls down. */
  static int hoard(int calls) {
    if (calls > 0) {
      return hoard(calls - 1) + 1;
    }
    List<byte[]> hoard = new ArrayList<>();
    while (hoard.size() < Integer.MAX_VALUE) {
      hoard.add(new byte[1 << 20]);
    }
    return 0;
  }

  /** Writes where a native library would, past System.out. */
  private static void nativeOutput(String text) {
    try (FileOutputStream out = new FileOutputStream("/dev/stdout")) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(FileDescriptor.out.toString(), e);
    }
  }
}
