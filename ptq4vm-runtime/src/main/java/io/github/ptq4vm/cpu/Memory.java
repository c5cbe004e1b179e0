package io.github.ptq4vm.cpu;

/** What one thread sees of a workspace: values, and working memory of its own. */
final class Memory {
  private final Matrix[] values;
  private final Scratch scratch = new Scratch();

  Memory(Matrix[] values) {
    this.values = values;
  }

  /** A value by its number. */
  Matrix value(int number) {
    return values[number];
  }

  /** Working memory. */
  Scratch scratch() {
    return scratch;
  }
}
