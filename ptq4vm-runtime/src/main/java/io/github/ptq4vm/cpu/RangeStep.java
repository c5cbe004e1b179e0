package io.github.ptq4vm.cpu;

/**
 * A step whose work is a method.
 *
 * @param units length of the range, most often the rows of the output
 * @param unitsPerPart units that are worth handing to a thread at a time
 */
record RangeStep(int units, int unitsPerPart, Range work) implements Step {
  /** Work on some units. */
  @FunctionalInterface
  interface Range {
    /** Computes units {@code from} to {@code to - 1}. */
    void run(Memory memory, int from, int to);
  }

  /** Elementwise work on so many rows of so many columns. */
  static RangeStep elementwise(int rows, int columns, Range work) {
    return new RangeStep(rows, Split.rowsPerPart(columns), work);
  }

  @Override
  public void run(Memory memory, int from, int to) {
    work.run(memory, from, to);
  }
}
