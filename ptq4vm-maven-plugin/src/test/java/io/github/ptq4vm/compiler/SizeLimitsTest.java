package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VMamba;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The first blocks of VMamba-B at 512 pixels: 16384 tokens, and 512 channels in the MLP. */
class SizeLimitsTest {
  private static final Network LARGE =
      new VMamba(
              512, 512, 5, List.of(new VMamba.Stage(128, 1, 128, 8, 512)), 1, VMamba.Generation.V2)
          .network();

  @Test
  void saysHowManyImagesFit() {
    assertThatThrownBy(() -> SizeLimits.check(LARGE, 256, 32))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("<calibrationImages> is 256")
        .hasMessageContaining("256 images x 16384 tokens x 512 channels = 2147483648 floats")
        .hasMessageContaining("Set <calibrationImages> to at most 63");
    assertThatCode(() -> SizeLimits.check(LARGE, 63, 32)).doesNotThrowAnyException();
    assertThatThrownBy(() -> SizeLimits.check(LARGE, 64, 32)).isInstanceOf(CompileException.class);
  }

  /** A step holds every value of its images, those inside a stem of four times the pixels too. */
  @Test
  void saysHowManyImagesAStepMaySee() {
    Network wide =
        new VMamba(
                1024, 1024, 5, List.of(new VMamba.Stage(64, 1, 8, 1, 8)), 1, VMamba.Generation.V2)
            .network();
    assertThatThrownBy(() -> SizeLimits.check(wide, 127, 64))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("<batch> is 64")
        .hasMessageContaining("64 images x 262144 tokens x 32 channels")
        .hasMessageContaining("Set <batch> to at most 63");
    assertThatCode(() -> SizeLimits.check(wide, 127, 63)).doesNotThrowAnyException();
  }
}
