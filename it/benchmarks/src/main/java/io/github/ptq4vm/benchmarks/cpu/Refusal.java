package io.github.ptq4vm.benchmarks.cpu;

/** Says why something cannot be measured here: a row of a table, not a failure of the benchmark. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1;

  Refusal(String reason) {
    super(reason);
  }
}
