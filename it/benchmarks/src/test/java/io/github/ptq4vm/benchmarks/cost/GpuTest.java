package io.github.ptq4vm.benchmarks.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class GpuTest {
  private static final Gpu GPU = new Gpu("example", 1000, 100, 50, 10, 5);

  @Test
  void theSlowestResourceIsTheLimit() {
    Work work = new Work(1000, 100, 300, 10, 2000, 4000);

    assertThat(GPU.limit(work, 2)).isEqualTo(Gpu.Limit.FLOAT);
    assertThat(GPU.floor(work, 2)).isEqualTo(60);
    assertThat(GPU.seconds(work, 2))
        .containsEntry(Gpu.Limit.BYTES, 8.0)
        .containsEntry(Gpu.Limit.INTEGER, 20.0)
        .containsEntry(Gpu.Limit.HALF, 4.0)
        .containsEntry(Gpu.Limit.EXPONENTIAL, 4.0);
  }

  @Test
  void weightsAreReadOnceABatch() {
    Work work = Work.bytes(10, 7);

    assertThat(work.bytes(1)).isEqualTo(17);
    assertThat(work.bytes(4)).isEqualTo(47);
  }

  @Test
  void anH200HasTheRatesOfItsDataSheet() {
    Gpu gpu = Gpu.H200_DATA_SHEET;

    assertThat(gpu.integerMultiplyAdds()).isEqualTo(989.5e12);
    assertThat(gpu.exponentials()).isCloseTo(3.59e12, within(1e10));
    assertThat(gpu.bytes() / Gpu.H200_COPY.bytes()).isCloseTo(1.116, within(1e-3));
  }
}
