package io.github.ptq4vm.cuda;

import io.github.ptq4vm.cpu.Matrix;
import io.github.ptq4vm.network.Activation;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Dense convolutions and linears against the CPU's linear over gathered pixels: equal to the bit in
 * single precision but for the activation, within the rounding of sums in half precision.
 */
@EmulatedGpu
class DenseKernelTest {

  @ParameterizedTest
  @CsvSource({
    // in, out, height, width, kernel, stride, padding, images
    "3, 48, 32, 32, 16, 16, 0, 3",
    "3, 20, 17, 19, 3, 2, 1, 2",
    "3, 48, 33, 33, 16, 8, 0, 1",
    "24, 40, 14, 13, 3, 2, 1, 2",
    "48, 96, 7, 7, 3, 2, 1, 1",
    "5, 7, 6, 6, 1, 1, 0, 1",
    "192, 100, 1, 1, 1, 1, 0, 5",
    "96, 12, 9, 1, 1, 1, 0, 2",
    "33, 65, 130, 1, 1, 1, 0, 1",
    "4, 5, 8, 8, 4, 4, 0, 1",
    // big blocks
    "8, 150, 90, 80, 1, 1, 0, 1",
    "3, 300, 100, 102, 3, 1, 1, 1",
  })
  void agreesWithTheLinear(
      int in, int out, int height, int width, int kernel, int stride, int padding, int images) {
    Form form = new Form(in, out, height, width, kernel, stride, padding, images);
    boolean large = (long) images * height * width * out > 500_000;
    long seed = form.hashCode();
    check(form, true, StorageType.F16, StorageType.F16, Activation.NONE, seed);
    if (!large) {
      check(form, true, StorageType.F32, StorageType.F32, Activation.GELU, seed + 1);
      check(form, true, StorageType.F16, StorageType.F32, Activation.SIGMOID, seed + 2);
      check(form, false, StorageType.F32, StorageType.F32, Activation.NONE, seed + 3);
      check(form, false, StorageType.F16, StorageType.F16, Activation.SILU, seed + 4);
    }
  }

  private record Form(
      int in, int out, int height, int width, int kernel, int stride, int padding, int images) {
    int outHeight() {
      return (height + 2 * padding - kernel) / stride + 1;
    }

    int outWidth() {
      return (width + 2 * padding - kernel) / stride + 1;
    }

    int k() {
      return kernel * kernel * in;
    }

    int tokens() {
      return outHeight() * outWidth();
    }
  }

  private static void check(
      Form form,
      boolean half,
      StorageType inputType,
      StorageType outputType,
      Activation activation,
      long seed) {
    Random random = new Random(seed);
    int k = form.k();
    int pixels = form.height * form.width;
    StorageType weightType = half ? StorageType.F16 : StorageType.F32;
    float[] input = ScalarReference.values(random, form.images * pixels * form.in, inputType);
    float[] weight = ScalarReference.values(random, form.out * k, weightType);
    float[] bias = random.nextBoolean() ? ScalarReference.floats(random, form.out) : null;
    try (KernelBench bench = new KernelBench()) {
      int inStride = form.in + (random.nextBoolean() ? 0 : 8 + random.nextInt(2));
      DeviceValue x = bench.value(input, inputType, pixels, form.in, inStride);
      DeviceValue y =
          bench.result(outputType, form.images, form.tokens(), form.out + random.nextInt(3));
      DenseParams params =
          new DenseParams(
              x,
              half ? bench.halves(padded(weight, k)) : bench.floats(weight),
              bias == null ? 0 : bench.floats(bias),
              y,
              form.images,
              form.in,
              form.out,
              form.height,
              form.width,
              form.outHeight(),
              form.outWidth(),
              form.kernel,
              form.stride,
              form.padding,
              activation);
      bench.run(DenseGeometry.of(params, half), params);
      float[] found = bench.read(y, form.images, form.out);
      // The multiply of halves takes single precision inputs as halves.
      float[] taken = input.clone();
      for (int i = 0; half && i < taken.length; i++) {
        taken[i] = Half.rounded(taken[i], StorageType.F16);
      }
      float[] rows = gathered(form, taken);
      float[] expected = linear(form, rows, weight, bias, activation);
      float[] magnitude =
          linear(
              form,
              ScalarReference.magnitudes(rows),
              ScalarReference.magnitudes(weight),
              bias == null ? null : ScalarReference.magnitudes(bias),
              Activation.NONE);
      for (int i = 0; i < expected.length; i++) {
        double sums = half ? magnitude[i] * (k + 1) * 0x1p-23 : 0;
        double function = activation == Activation.NONE ? 0 : Math.abs(expected[i]) * 1e-5 + 1e-6;
        // No activation is steeper than 1.13.
        Closeness.check(
            found[i],
            expected[i],
            1.13 * sums + function + Half.error(expected[i], outputType),
            form,
            half,
            activation,
            i / form.out,
            i % form.out);
      }
    }
  }

  private static float[] padded(float[] weight, int k) {
    int rows = weight.length / k;
    int padded = KernelStruct.roundUp(k, DenseParams.K_PADDING);
    float[] result = new float[rows * padded];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(weight, r * k, result, r * padded, k);
    }
    return result;
  }

  /** The pixels under the kernel, for each output token. */
  private static float[] gathered(Form form, float[] input) {
    float[] rows = new float[form.images * form.tokens() * form.k()];
    int at = 0;
    for (int row = 0; row < form.images * form.tokens(); row++) {
      int image = row / form.tokens();
      int top = row % form.tokens() / form.outWidth() * form.stride - form.padding;
      int left = row % form.outWidth() * form.stride - form.padding;
      for (int i = 0; i < form.kernel; i++) {
        for (int j = 0; j < form.kernel; j++) {
          int y = top + i;
          int x = left + j;
          if (y >= 0 && y < form.height && x >= 0 && x < form.width) {
            int pixel = (image * form.height + y) * form.width + x;
            System.arraycopy(input, pixel * form.in, rows, at, form.in);
          }
          at += form.in;
        }
      }
    }
    return rows;
  }

  private static float[] linear(
      Form form, float[] rows, float[] weight, float[] bias, Activation activation) {
    int count = form.images * form.tokens();
    float[] sums = new float[count * form.out];
    Matrix y = Matrix.of(sums, count, form.out);
    ScalarReference.KERNELS
        .linear(weight, bias, form.out, form.k())
        .apply(Matrix.of(rows, count, form.k()), y, 0, count, ScalarReference.scratch());
    if (activation == Activation.NONE) {
      return sums;
    }
    float[] activated = new float[sums.length];
    ScalarReference.KERNELS.activate(
        activation, y, Matrix.of(activated, count, form.out), 0, count, ScalarReference.scratch());
    return Arrays.copyOf(activated, activated.length);
  }
}
