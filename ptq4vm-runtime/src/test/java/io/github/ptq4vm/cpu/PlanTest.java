package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.VisionMamba;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plans of whole networks: the order of operations, memory, and the threads they come from. */
class PlanTest {
  private static final Network VIM = new VisionMamba(96, 192, 3, 8, 6, 4, 4, 4, 64, 10).network();

  static Stream<Model> models() {
    List<VMamba.Stage> stages =
        List.of(new VMamba.Stage(48, 2, 96, 3, 192), new VMamba.Stage(96, 1, 96, 6, 100));
    return Stream.of(
            VIM,
            new VMamba(60, 68, 10, stages, 1, VMamba.Generation.V2).network(),
            new VMamba(60, 68, 10, stages, 5, VMamba.Generation.VANILLA).network())
        .flatMap(network -> Stream.of(Filler.model(network), Quantizer.model(network, 8, 8, 1)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void chainsComputeWhatOperationsDo(Model model) {
    Network network = model.network();
    float[][] images = Filler.images(1, network.height(), network.width());
    for (CpuKernels kernels : Providers.ALL) {
      for (int threads : new int[] {1, 3}) {
        try (CpuExecutor executor = new CpuExecutor(model, threads, kernels)) {
          float[] apart = executor.trace(images[0], Set.of(network.logits())).get(network.logits());
          assertThat(executor.run(images)[0]).isEqualTo(apart);
        }
      }
    }
  }

  @Test
  void aBlockIsThreeStages() {
    List<List<List<Work>>> stages = Schedule.fused(VIM).stages();
    // The patches, the tokens made of them, and the logits of one token.
    assertThat(stages).hasSize(1 + 1 + 3 * 3 + 1);
    List<List<Work>> scans = stages.get(3);
    assertThat(kinds(scans)).containsExactly("SelectiveScan", "SelectiveScan");
    assertThat(kinds(stages.get(2)))
        .containsExactly("CausalConvolution Linear Linear", "CausalConvolution Linear Linear");
    assertThat(kinds(stages.get(4))).containsExactly("Merge Gate Linear Add RmsNorm Linear");
    int[] reversed = scans.get(1).get(0).outputRows();
    assertThat(reversed).hasSize(257).startsWith(256, 255).endsWith(1, 0);
    assertThat(stages.get(2).get(1).get(0).inputRows()).isEqualTo(reversed);
  }

  private static List<String> kinds(List<List<Work>> chains) {
    return chains.stream()
        .map(
            chain ->
                chain.stream()
                    .map(work -> work.operation().getClass().getSimpleName())
                    .collect(Collectors.joining(" ")))
        .toList();
  }

  /** Until the JIT compiler is done, vectors are objects; that takes some seconds. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aCallAllocatesLittleMoreThanItsResult(int members) {
    Model model = Quantizer.model(VIM, 8, 8, 1);
    float[][] images = Filler.images(1, 64, 64);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    long least = Long.MAX_VALUE;
    try (CpuExecutor executor = new CpuExecutor(model, members, Providers.VECTOR)) {
      // One value of the network, of which there are dozens, takes 257 * 96 * 4 bytes.
      while (least > 8_000 && System.nanoTime() < deadline) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        executor.run(images);
        long after = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        least = Math.min(least, after - before);
      }
    }
    assertThat(least).isLessThanOrEqualTo(8_000);
  }

  @Test
  void takesThreadsFromTheCaller() {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    AtomicInteger tasks = new AtomicInteger();
    Executor counting =
        task -> {
          tasks.incrementAndGet();
          pool.execute(task);
        };
    Model model = Filler.model(VIM);
    float[][] images = Filler.images(3, 64, 64);
    float[][] expected;
    try (CpuExecutor alone = new CpuExecutor(model, 1)) {
      expected = alone.run(images);
    }
    try (CpuExecutor executor = new CpuExecutor(model, 3, CpuKernels.best(), counting)) {
      assertThat(executor.run(images)).isDeepEqualTo(expected);
    }
    assertThat(tasks).hasValue(2);
    assertThat(pool.isShutdown()).isFalse();
    pool.shutdown();
    try (CpuExecutor inline = new CpuExecutor(model, 3, CpuKernels.best(), Runnable::run)) {
      assertThat(inline.run(images)).isDeepEqualTo(expected);
    }
  }
}
