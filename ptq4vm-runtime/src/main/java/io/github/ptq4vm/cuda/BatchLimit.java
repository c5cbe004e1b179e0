package io.github.ptq4vm.cuda;

/**
 * How many images a batch may have. Lowered where memory does not suffice for more, and doubled
 * again from time to time, because others may have given memory back by then. Thread-safe.
 */
final class BatchLimit {
  /** Batches after which twice the size is tried: what a failure costs is little among so many. */
  static final int PATIENCE = 64;

  private final int most;
  private int now;
  private int batches;

  /**
   * A limit that has not been lowered.
   *
   * @param most images of the largest batch
   */
  BatchLimit(int most) {
    this.most = most;
    this.now = most;
  }

  /** The limit for one more batch. */
  synchronized int next() {
    if (now < most && ++batches > PATIENCE) {
      now = Math.min(most, 2 * now);
      batches = 0;
    }
    return now;
  }

  /** Memory does not suffice for larger batches than of that many images. */
  synchronized void lower(int images) {
    if (images < now) {
      now = images;
    }
    batches = 0;
  }

  /** Images of the largest batch if there is memory. */
  int most() {
    return most;
  }
}
