package io.github.ptq4vm;

import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.cpu.CpuKernels;
import io.github.ptq4vm.cuda.CudaException;
import io.github.ptq4vm.cuda.CudaExecutor;
import io.github.ptq4vm.network.Model;

/** What runs a model: an executor of the device that was asked for, or of the fastest there is. */
interface ModelRunner extends AutoCloseable {

  /** The device and kernels in use, e.g. {@code cpu/vector}. */
  String provider();

  /** Images of a call at which more would hardly be faster. */
  int batch();

  /** Logits of images that have been checked: of the right length, and finite throughout. */
  float[][] run(float[][] images);

  @Override
  void close();

  /**
   * Prepares a model.
   *
   * @throws GpuUnavailableException if a GPU is asked for and there is no usable one
   */
  static ModelRunner of(Model model, RunOptions options) {
    return switch (options.device()) {
      case CPU -> onCpu(model, options);
      case CUDA -> OnGpu.of(model, options);
      case AUTO -> fastest(model, options);
    };
  }

  private static ModelRunner fastest(Model model, RunOptions options) {
    try {
      ModelRunner runner = OnGpu.of(model, options);
      DeviceLog.say(runner.provider() + " is taken.");
      return runner;
    } catch (GpuUnavailableException | CudaException e) {
      ModelRunner runner = onCpu(model, options);
      DeviceLog.say(
          runner.provider()
              + " is taken, no GPU. "
              + e.getMessage()
              + " With Device.CPU none is looked for.");
      return runner;
    }
  }

  private static ModelRunner onCpu(Model model, RunOptions options) {
    return new OnCpu(
        new CpuExecutor(model, options.actualThreads(), CpuKernels.best(), options.helpers()));
  }

  /** On the processor. */
  record OnCpu(CpuExecutor executor) implements ModelRunner {
    private static final int BATCH = 16;

    @Override
    public String provider() {
      return "cpu/" + executor.provider();
    }

    @Override
    public int batch() {
      return BATCH;
    }

    @Override
    public float[][] run(float[][] images) {
      return executor.runChecked(images);
    }

    @Override
    public void close() {
      executor.close();
    }
  }

  /** On a GPU. */
  record OnGpu(CudaExecutor executor) implements ModelRunner {
    private static OnGpu of(Model model, RunOptions options) {
      return new OnGpu(
          new CudaExecutor(model, options.singlePrecision(), options.actualThreads() > 1));
    }

    @Override
    public String provider() {
      return "cuda/" + executor.provider();
    }

    @Override
    public int batch() {
      return executor.largestBatch();
    }

    @Override
    public float[][] run(float[][] images) {
      return executor.runChecked(images);
    }

    @Override
    public void close() {
      executor.close();
    }
  }
}
