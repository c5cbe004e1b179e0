package io.github.ptq4vm.compiler.worker;

/**
 * The worker JVM ended without a result: it crashed, was killed or could not start. The message
 * holds its exit status, the last lines of its log and how to run it again by hand.
 */
public final class WorkerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a full sentence. */
  WorkerException(String message) {
    super(message);
  }
}
