package io.github.ptq4vm.cpu;

import java.util.List;

/** Chains that do not wait for each other: their parts are shared out together. */
final class Stage {
  /** Nothing to do. */
  static final Stage NONE = new Stage(List.of());

  private final Chain[] chains;
  private final int parts;

  Stage(List<Chain> chains) {
    this.chains = chains.toArray(Chain[]::new);
    this.parts = chains.stream().mapToInt(Chain::parts).sum();
  }

  /** Number of parts of all chains. */
  int parts() {
    return parts;
  }

  /** Runs one part. */
  void run(Memory memory, int part) {
    int left = part;
    for (Chain chain : chains) {
      if (left < chain.parts()) {
        chain.run(memory, left);
        return;
      }
      left -= chain.parts();
    }
  }
}
