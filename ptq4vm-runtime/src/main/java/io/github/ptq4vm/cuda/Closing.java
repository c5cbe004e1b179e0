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
      } catch (Exception e) {
        reason.addSuppressed(e);
      }
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
