package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class KernelProvidersTest {

  private static final Supplier<String> UNASKED =
      () -> {
        throw new AssertionError("Finding out loads the library.");
      };

  @Test
  void takesTheVectorApiWhereNothingStandsAgainstIt() {
    assertThat(KernelProviders.select("", "", () -> "No VNNI.").name()).isEqualTo("vector");
    assertThat(KernelProviders.select("vector", "", UNASKED).name()).isEqualTo("vector");
  }

  @Test
  void takesOneDnnWhereNothingStandsAgainstItEither() {
    assertThat(KernelProviders.select("", "", () -> "").name()).isEqualTo("onednn");
    assertThat(KernelProviders.select("onednn", "", () -> "").name()).isEqualTo("onednn");
  }

  @Test
  void takesPlainLoopsElsewhere() {
    assertThat(KernelProviders.select("", "It is not there.", UNASKED).name()).isEqualTo("scalar");
    assertThat(KernelProviders.select("scalar", "", UNASKED).name()).isEqualTo("scalar");
  }

  @Test
  void saysWhyAWishCannotBeGranted() {
    assertThatThrownBy(() -> KernelProviders.select("vector", "It is not there.", UNASKED))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ptq4vm.cpu.provider=vector")
        .hasMessageContaining("It is not there.");
    assertThatThrownBy(() -> KernelProviders.select("onednn", "", () -> "No VNNI."))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ptq4vm.cpu.provider=onednn")
        .hasMessageContaining("No VNNI.");
    assertThatThrownBy(() -> KernelProviders.select("gpu", "", UNASKED))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpu")
        .hasMessageContaining("Choose scalar, vector or onednn");
  }

  @Test
  void looksForTheDotProductBeforeItLoadsAnything() {
    assertThat(OneDnn.processorObstacle("linux amd64", "flags : avx2 avx512_vnni")).isEmpty();
    assertThat(OneDnn.processorObstacle("linux amd64", "flags : avx2 avx_vnni")).isEmpty();
    assertThat(OneDnn.processorObstacle("linux amd64", "flags : avx2 avx512f")).contains("VNNI");
    assertThat(OneDnn.processorObstacle("mac os x aarch64", "")).contains("mac os x aarch64");
  }

  @Test
  void knowsVirtualMachinesWithoutAnOptimizingCompiler() {
    assertThat(KernelProviders.obstacleOf("mixed mode, sharing")).isEmpty();
    assertThat(KernelProviders.obstacleOf("interpreted mode")).contains("-Xint");
    assertThat(KernelProviders.obstacleOf("mixed mode, emulated-client")).contains("-XX");
  }
}
