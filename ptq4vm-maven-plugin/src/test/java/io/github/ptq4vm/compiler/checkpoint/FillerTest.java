package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Tensor;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Expected numbers come from the Python filler that made the golden values. */
class FillerTest {
  private static final Offset<Float> SIX_DIGITS = within(6e-7f);

  private static float[] start(String name, Integer... shape) {
    return Arrays.copyOf(Filler.parameter(name, List.of(shape)).data(), 3);
  }

  @Test
  void uniformNumbers() {
    assertThat(Filler.uniform("input", 0)).isCloseTo(0.99755704, within(1e-8));
    assertThat(Filler.uniform("input", 3)).isCloseTo(0.10764861, within(1e-8));
    assertThat(Filler.uniform("head.weight", 0)).isCloseTo(0.24868518, within(1e-8));
    assertThat(Filler.uniform("head.weight", 2)).isCloseTo(0.62190044, within(1e-8));
  }

  @Test
  void kindsOfParameters() {
    String mixer = "layers.0.mixer.";
    assertThat(start(mixer + "A_log", 384, 16))
        .containsExactly(new float[] {0.063128f, 0.640830f, 1.128486f}, SIX_DIGITS);
    assertThat(start(mixer + "dt_proj.bias", 384))
        .containsExactly(new float[] {-2.142862f, -2.391331f, -3.237996f}, SIX_DIGITS);
    assertThat(start(mixer + "in_proj.weight", 768, 192))
        .containsExactly(new float[] {-0.035432f, -0.039421f, 0.071940f}, SIX_DIGITS);
    assertThat(start(mixer + "D_b", 384))
        .containsExactly(new float[] {1.0153192f, 1.0754403f, 0.9023805f}, SIX_DIGITS);
    assertThat(start("norm_f.weight", 192))
        .containsExactly(new float[] {1.0498483f, 1.0063742f, 0.9666547f}, SIX_DIGITS);
    assertThat(start("cls_token", 1, 1, 192))
        .containsExactly(new float[] {-0.0524918f, 0.0922736f, -0.0298632f}, SIX_DIGITS);
    assertThat(start("layers.0.blocks.0.op.x_proj_weight", 4, 26, 384))
        .containsExactly(new float[] {0.0083936f, -0.0012317f, -0.0046190f}, SIX_DIGITS);
    assertThat(start("layers.0.blocks.0.op.dt_projs_bias", 4, 96))
        .containsExactly(new float[] {-2.8204870f, -2.6351056f, -2.5935659f}, SIX_DIGITS);
    assertThatThrownBy(() -> Filler.parameter("scalar", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void imageIsTokenMajor() {
    Tensor.Floats image = Filler.image(0, 224, 224);
    assertThat(image.shape()).containsExactly(224 * 224, 3);
    assertThat(image.data()[0]).isCloseTo(1.990228f, SIX_DIGITS);
    assertThat(image.data()[3]).isCloseTo(-0.600811f, SIX_DIGITS);
    assertThat(image.data()[6]).isCloseTo(1.118177f, SIX_DIGITS);
    assertThat(image.data()[9]).isCloseTo(-1.569406f, SIX_DIGITS);
    // Channel 2 of pixel 5 of image 1 of a batch of 32 x 32.
    float value = Filler.image(1, 32, 32).data()[3 * 5 + 2];
    assertThat(value).isEqualTo((float) (4 * Filler.uniform("input", 5 * 1024 + 5) - 2));
  }

  @Test
  void releasedSizes() {
    assertThat(parameters("vim_tiny")).isEqualTo(7_148_008);
    assertThat(parameters("vim_tiny_stride8")).isEqualTo(7_250_344);
    assertThat(parameters("vim_small")).isEqualTo(25_796_584);
    assertThat(
            FillerModels.byName("vim_tiny", ImageSize.square(64))
                .network()
                .shape("pos_embed")
                .tokens())
        .isEqualTo(17);
    assertThat(FillerModels.names()).contains("vim_base", "vim_small_stride8");
    assertThatThrownBy(() -> FillerModels.byName("vim_huge"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("vim_small");
  }

  private static long parameters(String name) {
    Model model = FillerModels.byName(name);
    return model.parameters().values().stream().mapToLong(Tensor::size).sum();
  }
}
