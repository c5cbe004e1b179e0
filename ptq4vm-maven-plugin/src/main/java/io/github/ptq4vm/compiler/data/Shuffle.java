package io.github.ptq4vm.compiler.data;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/**
 * The random order of calibration images, fixed for all time so that a build can be repeated on any
 * platform and Java version, and by a program in another language.
 *
 * <p>Numbers come from SplitMix64 (Steele, Lea and Flood, 2014). Its state starts from the seed XOR
 * the 64-bit FNV-1a hash of a name in UTF-8, so that each name has a stream of its own. A list is
 * shuffled by Fisher and Yates' method from its end: for {@code i = n-1, ..., 1} element {@code i}
 * changes places with element {@code next mod (i+1)}, {@code next} taken as unsigned.
 */
final class Shuffle {
  private long state;

  Shuffle(long seed, String stream) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : stream.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    this.state = seed ^ hash;
  }

  /** Shuffles a modifiable list in place. */
  void apply(List<?> list) {
    for (int i = list.size() - 1; i > 0; i--) {
      Collections.swap(list, i, (int) Long.remainderUnsigned(next(), i + 1L));
    }
  }

  private long next() {
    state += 0x9e3779b97f4a7c15L;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
