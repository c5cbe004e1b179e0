package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelProvidersTest {

  @Test
  void takesTheVectorApiWhereNothingStandsAgainstIt() {
    assertThat(KernelProviders.select("", "").name()).isEqualTo("vector");
    assertThat(KernelProviders.select("vector", "").name()).isEqualTo("vector");
  }

  @Test
  void takesPlainLoopsElsewhere() {
    assertThat(KernelProviders.select("", "It is not there.").name()).isEqualTo("scalar");
    assertThat(KernelProviders.select("scalar", "").name()).isEqualTo("scalar");
  }

  @Test
  void saysWhyAWishCannotBeGranted() {
    assertThatThrownBy(() -> KernelProviders.select("vector", "It is not there."))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ptq4vm.cpu.provider=vector")
        .hasMessageContaining("It is not there.");
    assertThatThrownBy(() -> KernelProviders.select("gpu", ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpu")
        .hasMessageContaining("Choose scalar or vector");
  }

  @Test
  void knowsVirtualMachinesWithoutAnOptimizingCompiler() {
    assertThat(KernelProviders.obstacleOf("mixed mode, sharing")).isEmpty();
    assertThat(KernelProviders.obstacleOf("interpreted mode")).contains("-Xint");
    assertThat(KernelProviders.obstacleOf("mixed mode, emulated-client")).contains("-XX");
  }
}
