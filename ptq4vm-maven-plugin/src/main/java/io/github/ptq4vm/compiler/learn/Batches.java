package io.github.ptq4vm.compiler.learn;

import java.util.Random;

/** Draws batches of images: each image once before any comes again, in an order of a seed. */
final class Batches {
  private final int[] images;
  private final int size;
  private final Random random;
  private int[] order;
  private int next;

  /**
   * Prepares drawing.
   *
   * @param size of a batch; no more than there are images
   */
  Batches(int[] images, int size, long seed) {
    this.images = images.clone();
    this.size = Math.min(size, images.length);
    this.random = new Random(seed);
    this.order = images;
    this.next = images.length;
  }

  /** The next batch. */
  int[] next() {
    int[] batch = new int[size];
    for (int i = 0; i < size; i++) {
      if (next == images.length) {
        shuffle();
        next = 0;
      }
      batch[i] = order[next++];
    }
    return batch;
  }

  private void shuffle() {
    order = images.clone();
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
  }
}
