package io.github.ptq4vm.benchmarks.synthetic;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReleasedSizeTest {

  /** Numbers of parameters of the authors' checkpoints. */
  @ParameterizedTest
  @CsvSource({
    "vim_tiny, 7148008",
    "vim_small, 25796584",
    "vim_base, 97598440",
    "vmamba_t_s1l8, 30249064",
    "vmamba_s_s2l15, 50147752",
    "vmamba_b_s2l15, 88557800"
  })
  void sizesHaveTheirKnownParameters(String id, long parameters) {
    Network network = ReleasedSize.of(id).orElseThrow().network();

    assertThat(
            network.parameters().values().stream()
                .map(Parameter::shape)
                .mapToLong(Tensor::elements)
                .sum())
        .isEqualTo(parameters);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vim_tiny", "vmamba_t_s1l8"})
  void sizesAreThoseTheCompilerKnows(String id) {
    assertThat(ReleasedSize.of(id).orElseThrow().network())
        .isEqualTo(FillerModels.byName(id).network());
  }
}
