package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.GpuUnavailableException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of the compiled kernels a driver is given. */
@EmulatedGpu(only = true)
class CudaModuleTest {
  private final CudaDriver driver = CudaDrivers.get();

  @BeforeEach
  @AfterEach
  void usualSettings() {
    Emulation.reset();
  }

  private void loadAndUse() {
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaModule module = CudaModule.load(context)) {
      assertThat(module.function("mean").name()).isEqualTo("mean");
    }
    assertThat(Emulation.alive()).isZero();
  }

  @Test
  void machineCodeIsTaken() {
    Emulation.set("FAIL", "cuModuleLoadDataEx:222:2");
    loadAndUse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"200", "209", "218", "222", "300", "801"})
  void ptxIsTakenWhereMachineCodeIsRefused(String code) {
    Emulation.set("REFUSE", code);
    Emulation.set("DRIVER", "11040");
    loadAndUse();
  }

  @Test
  void aDriverThatTakesNeitherIsToBeUpdated() {
    Emulation.set("FAIL", "cuModuleLoadDataEx:209:1,cuModuleLoadDataEx:222:1");
    assertThatThrownBy(this::loadAndUse)
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("takes neither the compiled kernels nor their PTX")
        .hasMessageContaining("CUDA_ERROR_UNSUPPORTED_PTX_VERSION");
  }

  @Test
  void otherErrorsAreNotTakenForARefusal() {
    Emulation.set("REFUSE", "2");
    assertThatThrownBy(this::loadAndUse)
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY");
  }
}
