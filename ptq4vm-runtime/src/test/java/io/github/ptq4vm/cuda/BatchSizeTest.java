package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VisionMamba;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * A block with scans as wide as released models have them, between a narrow input and output, in
 * batches so different that the scans are cut in different ways.
 */
@EmulatedGpu
class BatchSizeTest {
  /** More than a tile of any kernel; few, as batches are large. */
  private static final int TOKENS = 33;

  private static final Network NETWORK =
      new VisionMamba(24, 640, 1, 16, 4, 4, 4, 4, 16, 32, 10).network();

  private static final Map<Integer, String> SCANS =
      Map.of(1, "scan_4_chunked", 8, "scan_4", 64, "scan_16");

  private static final int[] BATCHES = {1, 8, 64};

  private static final GpuTraits GPU = new GpuTraits(163 * 1024, 4);

  private static final float[][] IMAGES = Filler.images(64, 16, 32);

  /** The images that are compared: the first of every batch. */
  private static final float[][] COMPARED = Arrays.copyOf(IMAGES, 3);

  @Test
  void scansAreCutDifferently() {
    LoweredNetwork lowered = Lowering.lower(Filler.model(NETWORK), StorageType.F16, Set.of());
    assertThat(NETWORK.shape("pos_embed").tokens()).isEqualTo(TOKENS);
    for (int images : BATCHES) {
      List<String> kernels =
          lowered.launches(images, GPU).stream()
              .map(launch -> launch.geometry().kernel())
              .filter(kernel -> kernel.startsWith("scan"))
              .toList();
      assertThat(kernels).as("%d images", images).containsExactly(SCANS.get(images));
    }
  }

  /** Nothing is quantized: between batches only the scan differs, within docs/numerics.md. */
  @Test
  void withoutQuantizationLogitsDifferByRounding() {
    Model model = Filler.model(NETWORK);
    check(model, FamilyParityTest.onCpu(model, COMPARED), 1e-4, 1e-5 + TOKENS * 0x1p-23);
  }

  /** Codes that change with a scan's last bit change logits by what steps do to them. */
  @Test
  void withQuantizationLogitsDifferByAFewSteps() {
    Model model = Calibrated.model(NETWORK, Families.chosen(4, 8));
    float[][] expected = FamilyParityTest.onCpu(model, COMPARED);
    double quantization = FamilyParityTest.quantizationError(NETWORK, COMPARED, expected);
    double bound = Math.max(1e-3, 0.2 * quantization);
    check(model, expected, bound, bound);
  }

  /**
   * Compares each batch size.
   *
   * @param expected logits of the CPU
   * @param bound relative to the CPU's
   * @param between relative to the logits in a smaller batch
   */
  private static void check(Model model, float[][] expected, double bound, double between) {
    try (CudaExecutor gpu = new CudaExecutor(model, StorageType.F32, 64)) {
      float[][] last = oneByOne(gpu);
      for (int batch : BATCHES) {
        float[][] found = batch == 1 ? last : gpu.run(Arrays.copyOf(IMAGES, batch));
        for (int i = 0; i < COMPARED.length; i++) {
          assertThat(FamilyParityTest.relativeError(found[i], expected[i]))
              .as("image %d of %d and on the CPU", i, batch)
              .isLessThan(bound);
          assertThat(FamilyParityTest.relativeError(found[i], last[i]))
              .as("image %d of %d and in a smaller batch", i, batch)
              .isLessThan(between);
        }
        last = found;
      }
    }
  }

  private static float[][] oneByOne(CudaExecutor gpu) {
    return Arrays.stream(COMPARED)
        .map(image -> gpu.run(new float[][] {image})[0])
        .toArray(float[][]::new);
  }

  /**
   * To the bit, whatever the storage: other images of a batch are other rows. With half precision
   * they are near the CPU's, too, however the scans are cut.
   */
  @Test
  void logitsDoNotDependOnTheOtherImages() {
    Model model = Calibrated.model(NETWORK, Families.chosen(8, 8));
    float[][] expected = FamilyParityTest.onCpu(model, COMPARED);
    float[][] others = IMAGES.clone();
    for (int i = 0; i < others.length; i++) {
      others[i] = i == 5 ? IMAGES[i] : IMAGES[(i + 7) % IMAGES.length];
    }
    try (CudaExecutor gpu = new CudaExecutor(model, StorageType.F16, 64)) {
      for (int batch : new int[] {8, 64}) {
        float[][] found = gpu.run(Arrays.copyOf(IMAGES, batch));
        float[][] among = gpu.run(Arrays.copyOf(others, batch));
        assertThat(among[5]).as("batch of %d", batch).isEqualTo(found[5]);
        assertThat(among[6]).isNotEqualTo(found[6]);
        for (int i = 0; i < COMPARED.length; i++) {
          assertThat(FamilyParityTest.relativeError(found[i], expected[i]))
              .as("image %d of %d and on the CPU", i, batch)
              .isLessThan(3e-2);
        }
      }
    }
  }
}
