package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.network.Activation;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How kernels are cut. That every result is computed, the tests of the kernels see. */
class GeometryTest {
  private static final DeviceValue HALVES = new DeviceValue(256, StorageType.F16, 384, 197);
  private static final DeviceValue FLOATS = new DeviceValue(256, StorageType.F32, 384, 197);

  private static final GpuTraits SMALL = new GpuTraits(99 << 10, 46);

  private static ScanParams scan(
      int directions, int images, int channels, int states, int length, DeviceValue value) {
    ScanProblem problem = ScanProblem.of(value, FLOATS, FLOATS, FLOATS, 256, 256, value);
    return new ScanParams(
        Collections.nCopies(directions, problem), images, channels, states, length, 12, 1);
  }

  @ParameterizedTest
  @CsvSource({
    // directions, images, channels, states: kernel, chunks, blocks along x
    "2, 1, 384, 16, scan_4_chunked, 4, 48",
    "2, 6, 384, 16, scan_4_chunked, 2, 24",
    "2, 43, 384, 16, scan_4, 1, 12",
    "2, 256, 384, 16, scan_16, 1, 6",
    "4, 1, 96, 1, scan_1, 16, 12",
    "4, 16, 96, 1, scan_1, 8, 6",
    "4, 128, 96, 1, scan_1, 4, 3",
    "2, 1, 384, 3, scan_4_chunked, 16, 48",
    "2, 256, 384, 3, scan_4_chunked, 2, 6",
    "2, 256, 384, 6, scan_4, 1, 6",
    "1, 1, 96, 64, scan_4, 1, 12",
    "1, 1, 96, 128, scan_4, 1, 24"
  })
  void scansAreCutWhereThereIsLittle(
      int directions, int images, int channels, int states, String kernel, int chunks, int blocks) {
    ScanGeometry geometry =
        ScanGeometry.of(scan(directions, images, channels, states, 9, HALVES), SMALL);
    assertThat(geometry.launch().kernel()).isEqualTo(kernel);
    assertThat(geometry.chunks()).isEqualTo(chunks);
    assertThat(geometry.launch().gridX()).isEqualTo(blocks);
    assertThat(geometry.launch().gridY()).isEqualTo(images);
    assertThat(geometry.launch().gridZ()).isEqualTo(directions);
    assertThat(geometry.launch().block()).isEqualTo(kernel.equals("scan_16") ? 64 : 128);
  }

  /** 99 KiB is what a block can have on the smallest GPU that is supported. */
  @Test
  void scansFitEveryGpu() {
    for (int states = 1; states <= ScanGeometry.MAX_STATES; states++) {
      for (int images : new int[] {1, 8, 256}) {
        ScanParams params = scan(4, images, 1536, states, 3136, FLOATS);
        assertThat(ScanGeometry.of(params, SMALL).launch().sharedBytes()).isBetween(1, 99 << 10);
      }
    }
    int usual = ScanGeometry.of(scan(2, 256, 384, 16, 197, HALVES), SMALL).launch().sharedBytes();
    // Ten blocks on a multiprocessor with 227 KiB.
    assertThat(usual).isLessThan(22 << 10);
  }

  /** The largest rank that a scan takes in, with one state: many chunks of long rows of codes. */
  @Test
  void fewerChunksWhereSharedMemoryIsSmall() {
    ScanProblem problem = ScanProblem.of(FLOATS, FLOATS, FLOATS, FLOATS, 256, 256, FLOATS);
    ScanParams params =
        new ScanParams(List.of(problem), 1, 96, 1, 3136, KernelCatalog.LARGEST_RANK, 1);
    ScanGeometry large = ScanGeometry.of(params, new GpuTraits(227 << 10, 132));
    assertThat(large.chunks()).isEqualTo(16);
    assertThat(large.launch().sharedBytes()).isGreaterThan(99 << 10);
    ScanGeometry small = ScanGeometry.of(params, SMALL);
    assertThat(small.chunks()).isEqualTo(8);
    assertThat(small.launch().sharedBytes()).isLessThanOrEqualTo(99 << 10);
    assertThatThrownBy(() -> ScanGeometry.of(params, new GpuTraits(4 << 10, 46)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("A scan of 1 states with step sizes of rank 96 needs")
        .hasMessageEndingWith("bytes of shared memory for a block, and the GPU has 4096.");
  }

  @Test
  void aScanOfTooManyStatesIsRefused() {
    assertThatThrownBy(() -> ScanGeometry.of(scan(1, 1, 8, 129, 1, HALVES), SMALL))
        .hasMessage("A scan of 129 states cannot run on the GPU, which takes 1 to 128.");
  }

  private static DepthwiseParams depthwise(
      int images, int channels, int tokens, int kernel, int height, int width) {
    DepthwiseProblem problem = new DepthwiseProblem(HALVES, 0, 256, 256, HALVES);
    return new DepthwiseParams(
        List.of(problem, problem),
        images,
        channels,
        tokens,
        kernel,
        height,
        width,
        Activation.SILU);
  }

  @Test
  void depthwiseRunsAreLongWhereThereIsMuch() {
    // 48 groups of channels, 197 tokens in runs of 2 or 8.
    assertThat(DepthwiseGeometry.of(depthwise(1, 384, 197, 4, 0, 0)))
        .isEqualTo(new KernelGeometry("depthwise", (48 * 99 + 255) / 256, 1, 2, 256, 0));
    assertThat(DepthwiseGeometry.of(depthwise(256, 384, 197, 4, 0, 0)).gridX())
        .isEqualTo((48 * 25 + 255) / 256);
    // Rows of a grid are cut each for itself: 15 columns in 4 runs of 4.
    assertThat(DepthwiseGeometry.of(depthwise(512, 384, 105, 3, 7, 15)).gridX())
        .isEqualTo((48 * 7 * 4 + 255) / 256);
    assertThat(DepthwiseGeometry.of(depthwise(1, 33, 10, 5, 2, 5)).gridX()).isEqualTo(1);
  }

  @Test
  void depthwiseWeightsAreTurned() {
    assertThat(DepthwiseGeometry.channelsInnermost(new float[] {1, 2, 3, 4, 5, 6}, 2))
        .containsExactly(1, 4, 2, 5, 3, 6);
  }

  @Test
  void denseBlocksAreBigWhereThereAreMany() {
    DenseParams one = DenseParams.linear(HALVES, 256, 0, HALVES, 1, 192, 1000, 1, Activation.NONE);
    assertThat(DenseGeometry.of(one, true))
        .isEqualTo(new KernelGeometry("dense_f16", 16, 1, 1, 256, 3 * (32 + 64) * 80));
    DenseParams many =
        DenseParams.linear(HALVES, 256, 0, HALVES, 256, 768, 192, 196, Activation.NONE);
    assertThat(DenseGeometry.of(many, true))
        .isEqualTo(new KernelGeometry("dense_f16", 392 * 3, 1, 1, 256, 3 * (128 + 64) * 80));
    assertThat(DenseGeometry.of(many, false).gridX()).isEqualTo(784 * 3);
  }

  @Test
  void elementwise() {
    MeanParams mean = new MeanParams(HALVES, HALVES, 5, 33, 10);
    assertThat(ElementwiseGeometry.mean(mean))
        .isEqualTo(new KernelGeometry("mean", 2, 5, 1, 256, 2048));
    RotatePairsParams pairs = new RotatePairsParams(HALVES, HALVES, 256, 256, 3, 20, 196);
    assertThat(ElementwiseGeometry.rotatePairs(pairs))
        .isEqualTo(new KernelGeometry("rotate_pairs", 3, 3, 1, 256, 0));
    ImageParams image = ImageParams.planes(256, HALVES, 1025, 3);
    assertThat(ElementwiseGeometry.image(image))
        .isEqualTo(new KernelGeometry("image", 2, 3, 1, 256, 0));
  }
}
