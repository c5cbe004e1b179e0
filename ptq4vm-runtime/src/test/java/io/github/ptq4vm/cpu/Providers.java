package io.github.ptq4vm.cpu;

import java.util.List;

/** The providers under test. */
public final class Providers {
  private Providers() {}

  public static final CpuKernels SCALAR = new ScalarKernels();
  public static final CpuKernels VECTOR = new VectorKernels();
  public static final List<CpuKernels> ALL = List.of(SCALAR, VECTOR);
}
