package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchGridTest {

  @ParameterizedTest
  @CsvSource({
    "16,197,224,16", // as released
    "16,730,224,8", // the stride 8 models
    "8,17,32,8",
    "8,65,64,8",
    "16,197,230,16", // a border is left over
    "16,2,224,0", // one patch cannot cover the image
    "16,2,16,16",
  })
  void impliesTheStride(int patch, int tokens, int imageSize, int stride) {
    PatchGrid grid = new PatchGrid("x.pth", patch, tokens);
    if (stride == 0) {
      assertThatThrownBy(() -> grid.stride(imageSize, null)).isInstanceOf(CompileException.class);
    } else {
      assertThat(grid.stride(imageSize, null)).isEqualTo(stride);
      assertThat(grid.stride(imageSize, stride)).isEqualTo(stride);
    }
  }

  @Test
  void saysWhatWouldFit() {
    PatchGrid small = new PatchGrid("x.pth", 8, 65);
    assertThatThrownBy(() -> small.stride(224, null))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("65 tokens")
        .hasMessageContaining("8 x 8 patches")
        .hasMessageContaining("imageSize 64 with stride 8");
    PatchGrid overlapping = new PatchGrid("x.pth", 16, 730);
    assertThatThrownBy(() -> overlapping.stride(224, 16))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("imageSize 224 with stride 8")
        .hasMessageContaining("imageSize 432 with stride 16");
    assertThatThrownBy(() -> overlapping.stride(224, 0))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("stride 0 does not");
    assertThatThrownBy(() -> overlapping.stride(8, null)).isInstanceOf(CompileException.class);
  }

  @ParameterizedTest
  @CsvSource({"196", "1", "0", "3"})
  void refusesTokenCountsThatAreNoSquareAndOne(int tokens) {
    assertThatThrownBy(() -> new PatchGrid("x.pth", 16, tokens))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining(tokens + " tokens in pos_embed");
  }
}
