package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Operation;

/** A step that adds up how long it takes. For one thread. */
final class TimedStep implements Step {
  private final Operation operation;
  private final Step step;
  private long nanos;

  TimedStep(Operation operation, Step step) {
    this.operation = operation;
    this.step = step;
  }

  /** The operation it computes. */
  Operation operation() {
    return operation;
  }

  /** Nanoseconds since the last time this was asked. */
  long take() {
    long taken = nanos;
    nanos = 0;
    return taken;
  }

  @Override
  public int units() {
    return step.units();
  }

  @Override
  public int unitsPerPart() {
    return step.unitsPerPart();
  }

  @Override
  public void run(Memory memory, int from, int to) {
    long start = System.nanoTime();
    step.run(memory, from, to);
    nanos += System.nanoTime() - start;
  }
}
