package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.network.Model;

/** Where the benchmark can run a model. */
enum Devices {
  /** The processor: for trying the benchmark itself. */
  CPU {
    @Override
    Engine open(Model model) {
      return new CpuEngine(model);
    }
  },
  /** The first NVIDIA GPU. */
  CUDA {
    @Override
    Engine open(Model model) {
      return new CudaEngine(model);
    }
  };

  /** Prepares a model. */
  abstract Engine open(Model model);
}
