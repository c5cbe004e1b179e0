package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.ImportOptions;
import org.jspecify.annotations.Nullable;
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
    PatchGrid grid = new PatchGrid("x.pth", patch, tokens, true);
    ImportOptions options = ImportOptions.of(imageSize);
    if (stride == 0) {
      assertThatThrownBy(() -> grid.fit(options)).isInstanceOf(CompileException.class);
    } else {
      assertThat(grid.fit(options).stride()).isEqualTo(stride);
      assertThat(grid.fit(options.withStride(stride)).stride()).isEqualTo(stride);
      assertThat(grid.fit(options).isResized()).isFalse();
      assertThat(new PatchGrid("x.pth", patch, tokens - 1, false).fit(options))
          .isEqualTo(grid.fit(options));
    }
  }

  @Test
  void saysWhatWouldFit() {
    PatchGrid small = new PatchGrid("x.pth", 8, 65, true);
    assertThatThrownBy(() -> small.fit(ImportOptions.of(224)))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("65 tokens")
        .hasMessageContaining("8 x 8 patches")
        .hasMessageContaining("imageSize 64 with stride 8");
    PatchGrid overlapping = new PatchGrid("x.pth", 16, 730, true);
    assertThatThrownBy(() -> overlapping.fit(ImportOptions.of(224).withStride(16)))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("imageSize 224 with stride 8")
        .hasMessageContaining("imageSize 432 with stride 16");
    assertThatThrownBy(() -> overlapping.fit(ImportOptions.of(224).withStride(0)))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("stride 0 does not");
    assertThatThrownBy(() -> overlapping.fit(ImportOptions.of(8)))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("interpolatePositions");
  }

  @ParameterizedTest
  @CsvSource({
    "16,196,320x480,,16,20,30,true", // a published model, larger
    "16,729,320,,8,39,39,true", // the stride of published models is implied
    "16,576,384,,16,24,24,false", // trained at 384 pixels, which fit
    "16,576,288,,16,18,18,true", // no published model has stride 9
    "16,576,512,,16,32,32,true",
    "16,576,224,,16,14,14,true",
    "16,196,120,,16,7,7,true",
    "1,9,64,,1,64,64,true",
    "8,64,64,,8,8,8,false",
    "8,64,64x96,,8,8,12,true",
    "8,64,60,4,4,14,14,true",
    "8,64,8,,8,1,1,true",
  })
  void resizesPositions(
      int patch,
      int patches,
      String size,
      @Nullable Integer stride,
      int expected,
      int height,
      int width,
      boolean resized) {
    ImportOptions options =
        ImportOptions.of(ImageSize.parse(size, "size"))
            .withStride(stride)
            .withInterpolatedPositions(true);
    PatchGrid.Fit fit = new PatchGrid("x.pth", patch, patches, false).fit(options);
    assertThat(fit).isEqualTo(new PatchGrid.Fit(expected, height, width, (int) Math.sqrt(patches)));
    assertThat(fit.isResized()).isEqualTo(resized);
    assertThat(fit.notes()).hasSize(resized ? 1 : 0);
    if (resized) {
      assertThatThrownBy(
              () ->
                  new PatchGrid("x.pth", patch, patches, false)
                      .fit(options.withStride(expected).withInterpolatedPositions(false)))
          .isInstanceOf(CompileException.class)
          .hasMessageContaining("interpolatePositions");
    }
  }

  @Test
  void imagesSmallerThanAPatchAreRefused() {
    assertThatThrownBy(
            () ->
                new PatchGrid("x.pth", 16, 196, false)
                    .fit(ImportOptions.of(15).withInterpolatedPositions(true)))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("imageSize 15");
  }

  @ParameterizedTest
  @CsvSource({"196", "1", "0", "3"})
  void refusesTokenCountsThatAreNoSquareAndOne(int tokens) {
    assertThatThrownBy(() -> new PatchGrid("x.pth", 16, tokens, true))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining(tokens + " tokens in pos_embed");
  }
}
