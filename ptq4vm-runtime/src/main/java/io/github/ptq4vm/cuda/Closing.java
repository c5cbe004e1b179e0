package io.github.ptq4vm.cuda;

import java.util.Deque;

/** Closes what was opened, the newest first, whatever fails on the way. */
final class Closing {
  private Closing() {}

  /**
   * Closes everything because what should follow failed.
   *
   * @param reason why; takes in what fails on the way
   */
  static void closeAll(Deque<AutoCloseable> opened, Throwable reason) {
    for (AutoCloseable one : opened) {
      try {
        one.close();
      } catch (Throwable e) {
        suppress(reason, e);
      }
    }
  }

  /** Keeps what failed on the way beside the reason; the JVM may throw an error twice. */
  static void suppress(Throwable reason, Throwable other) {
    if (other != reason) {
      reason.addSuppressed(other);
    }
  }

  /**
   * Closes everything at the end of its use, once.
   *
   * @param failure message of the exception if something cannot be closed
   */
  static void closeAll(Deque<AutoCloseable> opened, String failure) {
    IllegalStateException reason = new IllegalStateException(failure);
    closeAll(opened, reason);
    opened.clear();
    if (reason.getSuppressed().length > 0) {
      throw reason;
    }
  }
}
