package io.github.ptq4vm.cpu;

/**
 * One operation of a plan, ready to run: it reads and writes values of a workspace. Its work is a
 * range of units, rows of the output for most operations; every part of the range can be computed
 * on its own, by any thread, with the same result.
 */
interface Step {
  /** Number of units. */
  int units();

  /** Units that are worth handing to a thread at a time. */
  int unitsPerPart();

  /** Computes units {@code from} to {@code to - 1}. */
  void run(Memory memory, int from, int to);
}
