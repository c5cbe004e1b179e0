package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.Model;

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
  public long[] time(float[][] images, int runs) {
    long[] nanos = new long[runs];
    for (int i = 0; i < runs; i++) {
      long start = System.nanoTime();
      executor.run(images);
      nanos[i] = System.nanoTime() - start;
    }
    return nanos;
  }

  @Override
  public void close() {
    executor.close();
  }
}
