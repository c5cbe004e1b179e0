package io.github.ptq4vm.cpu;

import java.util.List;

/** The providers under test. */
final class Providers {
  private Providers() {}

  static final CpuKernels SCALAR = new ScalarKernels();
  static final CpuKernels VECTOR = new VectorKernels();
  static final List<CpuKernels> ALL = List.of(SCALAR, VECTOR);
}
