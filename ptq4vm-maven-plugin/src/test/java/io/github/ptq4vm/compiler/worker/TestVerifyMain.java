package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.VerifyResult;
import java.util.List;

/**
 * A worker whose verifier answers with the request it was given, as the only model's name; with the
 * architecture "memory" it fills the heap instead.
 */
public final class TestVerifyMain {
  private TestVerifyMain() {}

  /** Runs the worker. */
  public static void main(String[] args) {
    System.exit(
        Worker.verify(
            args,
            (request, listener) -> {
              listener.info("verifying");
              if (request.architecture().equals("memory")) {
                TestWorkerMain.hoard(0);
              }
              VerifyResult.Accuracy accuracy = new VerifyResult.Accuracy(0.5, 1);
              return new VerifyResult(
                  List.of(
                      new VerifyResult.Measured(
                          request.toString(),
                          request.jars().get(0),
                          "ab",
                          "cd",
                          4,
                          2,
                          accuracy,
                          accuracy,
                          0.25,
                          "cpu/scalar")));
            }));
  }
}
