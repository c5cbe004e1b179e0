package io.github.ptq4vm.cpu;

/**
 * A range cut into parts of one size. Where the cuts are does not matter for results: every unit is
 * computed for itself.
 *
 * @param total length of the range
 * @param size length of a part; the last may be shorter
 */
record Split(int total, int size) {
  /** Elements below which a part is not worth handing to another thread. */
  private static final int WORTHWHILE = 16 * 1024;

  /** Rows of elementwise work that are worth handing to another thread. */
  static int rowsPerPart(int columns) {
    return Math.max(1, WORTHWHILE / columns);
  }

  int parts() {
    return (total + size - 1) / size;
  }

  int from(int part) {
    return part * size;
  }

  int to(int part) {
    return Math.min(total, (part + 1) * size);
  }
}
