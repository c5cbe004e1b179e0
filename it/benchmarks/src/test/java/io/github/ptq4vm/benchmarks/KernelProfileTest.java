package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class KernelProfileTest {

  @Test
  void theInnermostClassOfTheProjectCounts() {
    assertThat(
            KernelProfile.name(
                List.of(
                    "jdk.incubator.vector.FloatVector",
                    "io.github.ptq4vm.compiler.tensor.ScanKernel$Part",
                    "io.github.ptq4vm.compiler.Compiler")))
        .isEqualTo("ScanKernel");
  }

  @Test
  void sharedArithmeticCountsForItsKernel() {
    assertThat(
            KernelProfile.name(
                List.of(
                    "io.github.ptq4vm.compiler.tensor.VectorMath",
                    "io.github.ptq4vm.compiler.tensor.Elementwise")))
        .isEqualTo("Elementwise");
  }

  @Test
  void aLambdaCountsForItsClass() {
    assertThat(
            KernelProfile.name(List.of("io.github.ptq4vm.compiler.Validation$$Lambda$86.210690")))
        .isEqualTo("Validation");
  }

  @Test
  void whatDjlCallsIsPyTorch() {
    assertThat(
            KernelProfile.name(
                List.of(
                    "ai.djl.pytorch.jni.PyTorchLibrary", "io.github.ptq4vm.compiler.tensor.Torch")))
        .isEqualTo("PyTorch");
  }

  @Test
  void theRestIsOther() {
    assertThat(KernelProfile.name(List.of("java.lang.Thread"))).isEqualTo("other");
  }

  @Test
  void sharesAddUp() {
    assertThat(
            KernelProfile.markdown(
                List.of(
                    new KernelProfile.Part("A", 750),
                    new KernelProfile.Part("B", 241),
                    new KernelProfile.Part("C", 9))))
        .isEqualTo(
            "| class | share % |\n|---|---|\n| A | 75.0 |\n| B | 24.1 |\n| the rest | 0.9 |\n");
  }
}
