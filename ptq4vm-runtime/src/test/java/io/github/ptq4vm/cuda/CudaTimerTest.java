package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.cpu.Quantizer;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

@EmulatedGpu
class CudaTimerTest {
  private static final Network NETWORK = Families.MINI.get("vim");
  private static final Model MODEL = Quantizer.model(NETWORK, Families.chosen(8, 8), 1);

  @Test
  void everyLaunchOfABatchIsCountedAndTimed() {
    float[][] images = Filler.images(2, NETWORK.height(), NETWORK.width());

    try (CudaTimer timer = new CudaTimer(MODEL, images)) {
      assertThat(timer.provider()).isNotEmpty();
      assertThat(timer.milliseconds(2)).hasSize(2);
      List<CudaTimer.KernelTime> kernels = timer.kernels(1);
      assertThat(kernels.stream().mapToInt(CudaTimer.KernelTime::launches).sum())
          .isEqualTo(Lowering.lower(MODEL, StorageType.F16, Set.of()).groups().size());
      assertThat(kernels)
          .anyMatch(one -> one.kernel().startsWith("linear_w8") && one.kernel().contains(" to "))
          .allMatch(one -> one.milliseconds() >= 0);
    }
  }

  @Test
  void anImageOfAnotherSizeIsRefused() {
    assertThatThrownBy(() -> new CudaTimer(MODEL, new float[1][7]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("7");
  }
}
