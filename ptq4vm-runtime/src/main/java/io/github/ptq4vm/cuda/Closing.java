package io.github.ptq4vm.cuda;

import java.util.Deque;

/** Closes what was opened when what should follow fails. */
final class Closing {
  private Closing() {}

  /**
   * Closes everything, the newest first.
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
}
