package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelProvidersTest {

  @Test
  void takesTheVectorApiWhereNothingStandsAgainstIt() {
    assertThat(KernelProviders.select("", "", "It is missing.").name()).isEqualTo("vector");
    assertThat(KernelProviders.select("vector", "", "It is not there.").name()).isEqualTo("vector");
  }

  @Test
  void takesOneDnnWhereNothingStandsAgainstItEither() {
    assertThat(KernelProviders.select("", "", "").name()).isEqualTo("onednn");
    assertThat(KernelProviders.select("onednn", "", "").name()).isEqualTo("onednn");
  }

  @Test
  void takesPlainLoopsElsewhere() {
    assertThat(KernelProviders.select("", "It is not there.", "It is not there.").name())
        .isEqualTo("scalar");
    assertThat(KernelProviders.select("scalar", "", "It is not there.").name()).isEqualTo("scalar");
  }

  @Test
  void saysWhyAWishCannotBeGranted() {
    assertThatThrownBy(
            () -> KernelProviders.select("vector", "It is not there.", "It is not there."))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ptq4vm.cpu.provider=vector")
        .hasMessageContaining("It is not there.");
    assertThatThrownBy(() -> KernelProviders.select("onednn", "", "It is missing."))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ptq4vm.cpu.provider=onednn")
        .hasMessageContaining("It is missing.");
    assertThatThrownBy(() -> KernelProviders.select("gpu", "", "It is not there."))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("gpu")
        .hasMessageContaining("Choose scalar, vector or onednn");
  }

  @Test
  void saysWhatOneDnnWouldBringWhereItIsMissing() {
    assertThat(OneDnn.obstacle("linux amd64", true, true)).isEmpty();
    assertThat(OneDnn.obstacle("linux amd64", false, true)).isEmpty();
    assertThat(OneDnn.obstacle("linux amd64", true, false))
        .contains("several times", "org.bytedeco:dnnl");
    assertThat(OneDnn.obstacle("linux amd64", false, false))
        .contains("4 bits", "org.bytedeco:dnnl");
    assertThat(OneDnn.obstacle("mac os x aarch64", true, true)).contains("mac os x aarch64");
  }

  @Test
  void knowsVirtualMachinesWithoutAnOptimizingCompiler() {
    assertThat(KernelProviders.obstacleOf("mixed mode, sharing")).isEmpty();
    assertThat(KernelProviders.obstacleOf("interpreted mode")).contains("-Xint");
    assertThat(KernelProviders.obstacleOf("mixed mode, emulated-client")).contains("-XX");
  }
}
