package io.github.ptq4vm.cpu;

/** Chooses a provider of kernels. */
final class KernelProviders {
  private KernelProviders() {}

  static CpuKernels select() {
    return new ScalarKernels();
  }
}
