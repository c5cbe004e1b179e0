package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.cuda.CudaExecutor;
import io.github.ptq4vm.cuda.CudaTimer;
import io.github.ptq4vm.network.Model;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The first NVIDIA GPU. */
record CudaEngine(Model model, CudaExecutor executor, boolean single) implements Engine {
  private static final int REPEATS = 20;

  CudaEngine(Model model, boolean single) {
    this(model, new CudaExecutor(model, single), single);
  }

  @Override
  public String name() {
    return (single ? "cuda, single/" : "cuda/") + executor.provider();
  }

  @Override
  public float[][] run(float[][] images) {
    return executor.run(images);
  }

  /** In half precision, which is all that is timed. */
  @Override
  public Set<String> kernels(float[][] images) {
    try (CudaTimer timer = new CudaTimer(model, images)) {
      return timer.kernels(1).stream()
          .map(time -> time.kernel().split(" ")[0])
          .collect(Collectors.toSet());
    }
  }

  @Override
  public Timing prepare(float[][] images) {
    return new OnDevice(new CudaTimer(model, images));
  }

  @Override
  public void close() {
    executor.close();
  }

  private record OnDevice(CudaTimer timer) implements Timing {
    @Override
    public long[] time(int runs) {
      float[] milliseconds = timer.milliseconds(runs);
      long[] nanos = new long[runs];
      for (int i = 0; i < runs; i++) {
        nanos[i] = Math.round(1e6 * milliseconds[i]);
      }
      return nanos;
    }

    @Override
    public List<KernelTime> kernels() {
      return timer.kernels(REPEATS).stream()
          .map(one -> new KernelTime(one.kernel(), one.launches(), one.milliseconds()))
          .toList();
    }

    @Override
    public void close() {
      timer.close();
    }
  }
}
