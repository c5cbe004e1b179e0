package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks of the released models' sizes, at 224 pixels, against the scalar kernels of the CPU. */
@EmulatedGpu
class RealSizeParityTest {

  @ParameterizedTest
  @ValueSource(strings = {"vim-ti", "vim-s", "vmamba-t", "localvim-t"})
  void logitsAreTheCpus(String name) {
    Network network = Families.RELEASED.get(name);
    Model model = Calibrated.model(network, Families.chosen(4, 8));
    float[][] images = Filler.images(1, 224, 224);
    float[][] expected = FamilyParityTest.onCpu(model, images);
    double quantization = FamilyParityTest.quantizationError(network, images, expected);
    try (CudaExecutor single = new CudaExecutor(model, StorageType.F32, 1);
        CudaExecutor half = new CudaExecutor(model, StorageType.F16, 1)) {
      // Among a million codes that follow their row's range some change with the last bit of a
      // norm.
      assertThat(FamilyParityTest.relativeError(single.run(images)[0], expected[0]))
          .isLessThan(Math.max(1e-3, 0.2 * quantization));
      assertThat(FamilyParityTest.relativeError(half.run(images)[0], expected[0])).isLessThan(2e-2);
    }
  }
}
