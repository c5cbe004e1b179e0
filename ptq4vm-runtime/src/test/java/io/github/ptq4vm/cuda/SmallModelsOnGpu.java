package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.cpu.Quantizer;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VisionMamba;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Small models on the emulated driver, which counts what is alive. */
abstract class SmallModelsOnGpu {
  static final Network NETWORK = new VisionMamba(8, 16, 1, 4, 1, 3, 4, 4, 12, 6).network();

  static final Model MODEL = Quantizer.model(NETWORK, 8, 8, 1);
  static final Model OTHER = Quantizer.model(NETWORK, 4, 8, 2);
  static final float[][] IMAGES = Filler.images(7, 12, 12);

  @BeforeEach
  @AfterEach
  void usualSettings() {
    Emulation.reset();
  }

  @AfterEach
  void everythingWasGivenBack() {
    assertThat(Emulation.alive()).isZero();
  }

  static float[][] one(Model model) {
    try (CudaExecutor gpu = new CudaExecutor(model)) {
      return gpu.run(IMAGES);
    }
  }

  /** Calls of two models in turns, so many of each. */
  static List<Callable<float[][]>> inTurns(int times, CudaExecutor first, CudaExecutor second) {
    List<Callable<float[][]>> calls = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      calls.add(() -> first.run(IMAGES));
      calls.add(() -> second.run(IMAGES));
    }
    return calls;
  }
}
