package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.network.Model;
import java.util.List;

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
      return new CudaEngine(model, false);
    }
  },
  /** The first NVIDIA GPU with activations in single precision. */
  CUDA_SINGLE {
    @Override
    Engine open(Model model) {
      return new CudaEngine(model, true);
    }
  };

  /** Prepares a model. */
  abstract Engine open(Model model);

  /** The ways of this device to store activations. */
  List<Devices> storages() {
    return this == CUDA ? List.of(CUDA, CUDA_SINGLE) : List.of(this);
  }
}
