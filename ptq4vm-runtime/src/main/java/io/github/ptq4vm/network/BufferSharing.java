package io.github.ptq4vm.network;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * Values that are never needed at the same time share a buffer, so that the memory of a network is
 * that of a few values and does not grow with depth.
 */
public final class BufferSharing {
  private final int[] buffers;
  private final List<Integer> sizes = new ArrayList<>();

  private final TreeSet<Integer> free =
      new TreeSet<>(Comparator.<Integer>comparingInt(sizes::get).thenComparing(b -> b));

  /**
   * A value and when it is needed.
   *
   * @param size of the value
   * @param first step that writes it
   * @param last step that reads it, no earlier than {@code first}
   */
  public record Lifetime(int size, int first, int last) {}

  /**
   * Shares buffers among values.
   *
   * @param lifetimes of the values, by ascending {@code first}
   */
  public BufferSharing(List<Lifetime> lifetimes) {
    this.buffers = new int[lifetimes.size()];
    List<Integer> live = new ArrayList<>();
    for (int value = 0; value < buffers.length; value++) {
      int now = lifetimes.get(value).first();
      live.removeIf(
          earlier -> {
            boolean done = lifetimes.get(earlier).last() < now;
            if (done) {
              free.add(buffers[earlier]);
            }
            return done;
          });
      buffers[value] = take(lifetimes.get(value).size());
      live.add(value);
    }
  }

  /** Number of the buffer a value lies in, by the value's place in the list. */
  public int buffer(int value) {
    return buffers[value];
  }

  /** Size of each buffer: that of the largest value in it. */
  public int[] sizes() {
    return sizes.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The smallest free buffer that is large enough, or the largest one made larger. */
  private int take(int size) {
    for (int buffer : free) {
      if (sizes.get(buffer) >= size) {
        free.remove(buffer);
        return buffer;
      }
    }
    if (free.isEmpty()) {
      sizes.add(size);
      return sizes.size() - 1;
    }
    int largest = free.last();
    free.remove(largest);
    sizes.set(largest, size);
    return largest;
  }
}
