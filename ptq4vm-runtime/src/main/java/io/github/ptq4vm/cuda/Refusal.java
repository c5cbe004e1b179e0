package io.github.ptq4vm.cuda;

/**
 * Remembers for a while that memory did not suffice for one more session, as a failed attempt costs
 * several calls of the driver, and every batch of a request would make it. Thread-safe.
 */
final class Refusal {
  private int refused = Integer.MAX_VALUE;
  private int batches;

  /** Memory did not suffice for a session of that many images. */
  synchronized void remember(int images) {
    refused = images;
    batches = 0;
  }

  /**
   * Whether a session of that many images need not be tried; forgotten after {@link
   * BatchLimit#PATIENCE} batches, because others may have given memory back by then.
   */
  synchronized boolean holds(int images) {
    if (images < refused) {
      return false;
    }
    if (++batches > BatchLimit.PATIENCE) {
      refused = Integer.MAX_VALUE;
      return false;
    }
    return true;
  }
}
