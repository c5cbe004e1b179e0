package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.Compiler;

/** The main class of the worker JVM. */
public final class WorkerMain {
  private WorkerMain() {}

  /**
   * Compiles one request and exits.
   *
   * @param args the path of the request file
   */
  public static void main(String[] args) {
    System.exit(Worker.main(args, (request, listener) -> new Compiler(listener).compile(request)));
  }
}
