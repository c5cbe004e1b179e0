package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.Verifier;

/** The main class of a worker JVM that verifies. */
public final class VerifyMain {
  private VerifyMain() {}

  /**
   * Verifies one request and exits.
   *
   * @param args the path of the request file
   */
  public static void main(String[] args) {
    System.exit(Worker.verify(args, (request, listener) -> new Verifier(listener).verify(request)));
  }
}
