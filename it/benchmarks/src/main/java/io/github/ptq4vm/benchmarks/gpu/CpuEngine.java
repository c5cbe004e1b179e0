package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.Model;
import java.util.List;

/** The processor. */
record CpuEngine(CpuExecutor executor) implements Engine {

  CpuEngine(Model model) {
    this(new CpuExecutor(model, Runtime.getRuntime().availableProcessors()));
  }

  @Override
  public String name() {
    return "cpu/" + executor.provider();
  }

  @Override
  public float[][] run(float[][] images) {
    return executor.run(images);
  }

  @Override
  public Timing prepare(float[][] images) {
    return new InMemory(executor, images);
  }

  @Override
  public void close() {
    executor.close();
  }

  private record InMemory(CpuExecutor executor, float[][] images) implements Timing {
    @Override
    public long[] time(int runs) {
      long[] nanos = new long[runs];
      for (int i = 0; i < runs; i++) {
        long start = System.nanoTime();
        executor.run(images);
        nanos[i] = System.nanoTime() - start;
      }
      return nanos;
    }

    @Override
    public List<KernelTime> kernels() {
      return List.of();
    }

    @Override
    public void close() {
      // The executor goes on.
    }
  }
}
