package io.github.ptq4vm.cpu;

import java.util.List;

/**
 * Steps over the same units that are run one after the other on a few units at a time: what one
 * writes is still in a cache when the next reads it, and threads do not meet in between. Each step
 * but the first reads no other units of what earlier ones have written.
 */
final class Chain {
  private final Step[] steps;
  private final Split split;

  /**
   * A chain.
   *
   * @param steps at least one, all with the same number of units
   * @param size units of a part
   */
  Chain(List<Step> steps, int size) {
    this.steps = steps.toArray(Step[]::new);
    this.split = new Split(this.steps[0].units(), size);
  }

  int parts() {
    return split.parts();
  }

  /** Runs all steps on the units of one part. */
  void run(Memory memory, int part) {
    int from = split.from(part);
    int to = split.to(part);
    for (Step step : steps) {
      step.run(memory, from, to);
    }
  }
}
