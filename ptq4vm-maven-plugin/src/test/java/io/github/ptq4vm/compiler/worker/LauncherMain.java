package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.CompileListener;
import java.io.IOException;
import java.nio.file.Path;

/** A parent that starts a worker which never ends, and prints the worker's process id. */
public final class LauncherMain {
  private LauncherMain() {}

  /** Runs the parent; its argument is the worker's directory. */
  public static void main(String[] args) throws IOException, InterruptedException {
    WorkerProcessTest.worker(Path.of(args[0]), "64m")
        .compile(
            Requests.request("sleep"),
            new CompileListener() {
              @Override
              public void info(String message) {
                System.out.println(message);
              }

              @Override
              public void warn(String message) {}

              @Override
              public void progress(String task, long done, long total, String unit) {}
            });
  }
}
