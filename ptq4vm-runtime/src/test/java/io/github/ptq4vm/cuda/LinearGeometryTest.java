package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.GpuUnavailableException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LinearGeometryTest {
  /** GPUs with little and much shared memory: sm_86, sm_89 and sm_120, and sm_90. */
  private static final GpuTraits SMALL = new GpuTraits(99 << 10, 46);

  private static final GpuTraits LARGE = new GpuTraits(227 << 10, 132);

  @Property(tries = 500)
  void blocksCoverEverything(
      @ForAll @IntRange(min = 1, max = 200_000) int tokens,
      @ForAll @IntRange(min = 1, max = 6144) int in,
      @ForAll @IntRange(min = 1, max = 6144) int out,
      @ForAll boolean fourBits,
      @ForAll @IntRange(min = 1, max = 4) int problems,
      @ForAll boolean large) {
    GpuTraits gpu = large ? LARGE : SMALL;
    LinearGeometry geometry = LinearGeometry.of(tokens, in, out, fourBits, problems, gpu);
    KernelGeometry launch = geometry.launch();
    assertThat(launch.kernel())
        .isEqualTo(
            (fourBits ? "linear_w4" : "linear_w8") + (geometry.rows() > 16 ? "_m64" : "_m16"));
    assertThat(launch.block()).isEqualTo(256);
    assertThat(launch.gridZ()).isEqualTo(problems);
    assertThat(launch.sharedBytes()).isLessThanOrEqualTo(gpu.sharedBytes());
    assertThat(geometry.columns() % 32).isZero();
    assertThat((long) launch.gridX() * geometry.rows()).isGreaterThanOrEqualTo(tokens);
    assertThat((launch.gridX() - 1L) * geometry.rows()).isLessThan(tokens);
    assertThat((long) launch.gridY() * geometry.columns()).isGreaterThanOrEqualTo(out);
    assertThat((launch.gridY() - 1L) * geometry.columns()).isLessThan(out);
    if (launch.gridY() > 1) {
      long blocks = (long) launch.gridX() * launch.gridY() * problems;
      assertThat(blocks).isLessThanOrEqualTo(2L * gpu.multiprocessors());
    }
    if (geometry.rows() > 16) {
      // Two blocks share a multiprocessor.
      assertThat(2 * (launch.sharedBytes() + 1024)).isLessThanOrEqualTo(gpu.sharedBytes() + 1024);
    }
  }

  /** in_proj of Vim-Ti: one image is cut finely, many are not. */
  @Test
  void tilesGrowWithTheBatch() {
    assertThat(LinearGeometry.of(197, 192, 768, false, 1, LARGE))
        .extracting(LinearGeometry::rows, LinearGeometry::columns)
        .containsExactly(8, 96);
    assertThat(LinearGeometry.of(32 * 197, 192, 768, false, 1, LARGE))
        .extracting(LinearGeometry::rows, LinearGeometry::columns)
        .containsExactly(32, 768);
    LinearGeometry many = LinearGeometry.of(256 * 197, 192, 768, false, 1, LARGE);
    assertThat(many)
        .isEqualTo(
            new LinearGeometry(
                new KernelGeometry(
                    "linear_w8_m64", 788, 1, 1, 256, 64 * (192 + 16) + 64 * 16 + 64 + 8 * 240 * 4),
                64,
                768));
  }

  @Test
  void longRowsAreMadeByTheWholeBlock() {
    assertThat(LinearGeometry.of(5000, 6144, 384, true, 1, SMALL).rows()).isEqualTo(8);
    assertThat(LinearGeometry.of(5000, 1536, 384, true, 1, SMALL).launch().sharedBytes())
        .isEqualTo(16 * (1536 + 32) + 64 + 8 * 1920 * 4);
    assertThat(LinearGeometry.of(5000, 1568, 384, true, 1, SMALL).launch().sharedBytes())
        .isEqualTo(16 * (1568 + 32) + 64 + 1960 * 4);
  }

  @Test
  void rowsThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> LinearGeometry.of(10, 40_000, 10, true, 1, SMALL))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("40000 input channels needs 240096 bytes")
        .hasMessageContaining("Run the model on the CPU");
  }
}
