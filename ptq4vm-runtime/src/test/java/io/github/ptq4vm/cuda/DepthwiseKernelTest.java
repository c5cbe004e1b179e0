package io.github.ptq4vm.cuda;

import io.github.ptq4vm.cpu.CpuKernels;
import io.github.ptq4vm.cpu.GridWindow;
import io.github.ptq4vm.cpu.Matrix;
import io.github.ptq4vm.network.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The depthwise convolution against the CPU's: the sums are equal, the activation is close. */
@EmulatedGpu
class DepthwiseKernelTest {

  @ParameterizedTest
  @CsvSource({
    // channels, length, taps, images, problems
    "1, 1, 4, 1, 1",
    "33, 31, 4, 2, 2",
    "384, 197, 4, 1, 2",
    "96, 33, 3, 2, 1",
    "40, 17, 1, 1, 4",
    "24, 5, 9, 1, 1",
    // long runs
    "1024, 1031, 4, 2, 2"
  })
  void alongTheSequence(int channels, int length, int taps, int images, int count) {
    for (StorageType type : types(channels)) {
      for (Activation activation : activations(channels)) {
        check(
            new Form(channels, length, taps, 0, 0, images, count, type, activation),
            31L * channels + taps);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // channels, height, width, kernel, images, problems
    "1, 1, 1, 3, 1, 1",
    "33, 5, 7, 3, 2, 1",
    "96, 14, 14, 3, 2, 1",
    "8, 3, 9, 5, 1, 2",
    "20, 4, 4, 1, 1, 1",
    // long runs
    "1024, 33, 35, 3, 4, 1"
  })
  void onAGrid(int channels, int height, int width, int kernel, int images, int count) {
    for (StorageType type : types(channels)) {
      for (Activation activation : activations(channels)) {
        check(
            new Form(
                channels, height * width, kernel, height, width, images, count, type, activation),
            37L * channels + kernel);
      }
    }
  }

  private static List<StorageType> types(int channels) {
    return channels > 1000 ? List.of(StorageType.F16) : List.of(StorageType.F16, StorageType.F32);
  }

  private static List<Activation> activations(int channels) {
    return channels > 1000 ? List.of(Activation.SILU) : List.of(Activation.values());
  }

  private record Form(
      int channels,
      int tokens,
      int kernel,
      int height,
      int width,
      int images,
      int count,
      StorageType type,
      Activation activation) {}

  /** A problem's numbers on the CPU. */
  private record Numbers(float[] input, int inputRows, int[] order, float[] weight, float[] bias) {}

  private static void check(Form form, long seed) {
    Random random = new Random(seed);
    boolean grid = form.height > 0;
    int channels = form.channels;
    List<Numbers> all = new ArrayList<>();
    List<DepthwiseProblem> problems = new ArrayList<>();
    try (KernelBench bench = new KernelBench()) {
      for (int i = 0; i < form.count; i++) {
        boolean ordered = !grid && random.nextBoolean();
        int[] order = ordered ? ScalarReference.order(random, form.tokens) : null;
        int rows = form.tokens + (ordered ? 2 : 0);
        float[] input = ScalarReference.values(random, form.images * rows * channels, form.type);
        int taps = grid ? form.kernel * form.kernel : form.kernel;
        float[] weight = ScalarReference.floats(random, channels * taps);
        float[] bias =
            grid && random.nextBoolean() ? null : ScalarReference.floats(random, channels);
        all.add(new Numbers(input, rows, order, weight, bias));
        int stride = channels + random.nextInt(2) * (16 - channels % 8);
        problems.add(
            new DepthwiseProblem(
                bench.value(input, form.type, rows, channels, stride),
                ordered ? bench.ints(order) : 0,
                bench.floats(DepthwiseGeometry.channelsInnermost(weight, channels)),
                bias == null ? 0 : bench.floats(bias),
                bench.result(form.type, form.images, form.tokens, stride)));
      }
      DepthwiseParams params =
          new DepthwiseParams(
              problems,
              form.images,
              channels,
              form.tokens,
              form.kernel,
              form.height,
              form.width,
              form.activation);
      bench.run(DepthwiseGeometry.of(params), params);
      for (int i = 0; i < form.count; i++) {
        compare(form, all.get(i), bench.read(problems.get(i).output(), form.images, channels));
      }
    }
  }

  private static void compare(Form form, Numbers numbers, float[] found) {
    int size = form.tokens * form.channels;
    for (int image = 0; image < form.images; image++) {
      float[] expected = expected(form, numbers, image);
      for (int i = 0; i < size; i++) {
        double y = expected[i];
        double bound = form.activation == Activation.NONE ? 0 : Math.abs(y) * 1e-5 + 1e-6;
        Closeness.check(
            found[image * size + i], y, bound + Half.error(y, form.type), form, image, i);
      }
    }
  }

  private static float[] expected(Form form, Numbers numbers, int image) {
    int channels = form.channels;
    float[] input = ScalarReference.image(numbers.input, image, numbers.inputRows * channels);
    if (numbers.order != null) {
      input = ScalarReference.gathered(input, numbers.order, channels);
    }
    CpuKernels.Convolution convolution =
        form.height > 0
            ? ScalarReference.KERNELS.depthwise(
                numbers.weight,
                numbers.bias,
                channels,
                new GridWindow(form.height, form.width, form.kernel),
                form.activation)
            : ScalarReference.KERNELS.convolution(
                numbers.weight, numbers.bias, channels, form.kernel, form.activation);
    float[] y = new float[form.tokens * channels];
    convolution.apply(
        Matrix.of(input, form.tokens, channels),
        Matrix.of(y, form.tokens, channels),
        0,
        form.tokens,
        ScalarReference.scratch());
    return y;
  }
}
