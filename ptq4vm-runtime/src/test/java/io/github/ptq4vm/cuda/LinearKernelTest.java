package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.network.Activation;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The linear kernels against the scalar provider, fed with the same floats: in single precision
 * results are equal to the bit, which they can only be if codes and sums are.
 */
@EmulatedGpu
class LinearKernelTest {
  /** Few large tiles, many small ones, and what lies between. */
  private static final GpuTraits[] GPUS = {
    new GpuTraits(99 << 10, 1), new GpuTraits(99 << 10, 4), new GpuTraits(99 << 10, 132)
  };

  @ParameterizedTest
  @CsvSource({
    // tokens, images, in, out
    "197, 1, 192, 768",
    "33, 2, 384, 44",
    "197, 1, 12, 384",
    "65, 1, 384, 192",
    "49, 2, 96, 384",
    "17, 1, 1536, 384",
    "20, 1, 768, 3072",
    "5, 2, 2048, 64",
    "3, 1, 6144, 40",
    "1, 1, 1, 1",
    "15, 1, 7, 10",
    "17, 3, 33, 33",
    "65, 1, 100, 70",
    "16, 1, 320, 32",
    "9, 2, 64, 31",
    "5, 1, 272, 5"
  })
  void agreesWithTheScalarProvider(int tokens, int images, int in, int out) {
    int[][] bits = {{8, 8}, {6, 6}, {4, 8}, {4, 4}, {3, 2}};
    for (int i = 0; i < bits.length; i++) {
      for (boolean dynamic : new boolean[] {false, true}) {
        for (boolean rotated : new boolean[] {false, true}) {
          Random random = new Random(tokens * 31L + in * 7L + out + i);
          LinearCase linear =
              LinearCase.random(random, tokens, in, out, bits[i][0], bits[i][1], dynamic, rotated);
          GpuTraits gpu = GPUS[random.nextInt(GPUS.length)];
          try (KernelBench bench = new KernelBench()) {
            float[] x = ScalarReference.floats(random, images * tokens * in);
            DeviceValue input = bench.value(x, StorageType.F32, tokens, in, in);
            DeviceValue output = bench.result(StorageType.F32, images, tokens, out);
            LinearCase.Problem problem =
                linear.problem(bench, RowSource.of(input, tokens, in), output);
            for (boolean packed : linear.kernels()) {
              LinearCase.run(bench, List.of(problem), images, gpu, packed);
              assertThat(bench.read(output, images, out))
                  .as("%d bits, dynamic %s, rotated %s", bits[i][0], dynamic, rotated)
                  .isEqualTo(linear.expected(x));
            }
          }
        }
      }
    }
  }

  static Stream<Arguments> outputs() {
    return Stream.of(StorageType.F16, StorageType.F32)
        .flatMap(
            type ->
                Stream.of(Activation.values())
                    .flatMap(
                        activation ->
                            Stream.of(0, 1, 3).map(gap -> Arguments.of(type, activation, gap))));
  }

  /** Types, activations and residuals, with rows that lie close, and apart and unaligned. */
  @ParameterizedTest
  @MethodSource("outputs")
  void storesWhatIsAskedFor(StorageType type, Activation activation, int gap) {
    Random random = new Random(gap);
    for (int out : new int[] {40, 67}) {
      int tokens = 19;
      int images = 2;
      int in = 50;
      LinearCase linear = LinearCase.random(random, tokens, in, out, 8, 8, false, false);
      try (KernelBench bench = new KernelBench()) {
        float[] x = ScalarReference.values(random, images * tokens * in, type);
        float[] residual = ScalarReference.values(random, images * tokens * out, type);
        DeviceValue input = bench.value(x, type, tokens, in, in + gap);
        DeviceValue added = bench.value(residual, type, tokens, out, out + gap);
        DeviceValue output = bench.result(type, images, tokens, out + gap);
        LinearCase.Problem problem =
            linear
                .problem(bench, RowSource.of(input, tokens, in), output)
                .activation(activation)
                .residual(added);
        LinearCase.run(bench, List.of(problem), images, GPUS[gap % 3], false);
        float[] found = bench.read(output, images, out);
        float[] expected = RowSources.activated(activation, linear.expected(x));
        for (int i = 0; i < expected.length; i++) {
          float sum = residual[i] + expected[i];
          if (activation == Activation.NONE || activation == Activation.GELU) {
            assertThat(found[i]).isEqualTo(Half.rounded(sum, type));
          } else {
            double bound = 1e-5 * (Math.abs(expected[i]) + Math.abs(sum));
            assertThat(Math.abs((double) found[i] - sum))
                .isLessThanOrEqualTo(bound + Half.error(Math.abs(sum) + bound, type));
          }
        }
      }
    }
  }

  /** A linear that quantizes for the next one, and the next one that reads its codes. */
  @ParameterizedTest
  @CsvSource({
    "8, 8, 96, 384, 96, 0",
    "4, 8, 33, 70, 21, 3",
    "4, 4, 64, 128, 40, 0",
    "4, 4, 20, 75, 9, 5"
  })
  void codesPassFromLinearToLinear(
      int weightBits, int inputBits, int in, int middle, int out, int gap) {
    Random random = new Random(in);
    int tokens = 18;
    int images = 3;
    LinearCase first =
        LinearCase.random(random, tokens, in, middle, weightBits, inputBits, true, true);
    LinearCase second =
        LinearCase.random(random, tokens, middle, out, weightBits, inputBits, false, false);
    for (boolean packed : second.kernels()) {
      try (KernelBench bench = new KernelBench()) {
        float[] x = ScalarReference.floats(random, images * tokens * in);
        DeviceValue input = bench.value(x, StorageType.F32, tokens, in, in);
        DeviceValue codes = bench.result(StorageType.CODES, images, tokens, middle + gap);
        DeviceValue output = bench.result(StorageType.F32, images, tokens, out);
        LinearCase.Problem writes =
            first
                .problem(bench, RowSource.of(input, tokens, in), codes)
                .activation(Activation.GELU)
                .next(second.quantizer(bench));
        LinearCase.Problem reads =
            second.problem(bench, RowSource.of(codes, tokens, middle), output);
        LinearCase.run(bench, List.of(writes), images, GPUS[1], packed);
        LinearCase.run(bench, List.of(reads), images, GPUS[2], packed);
        float[] between = RowSources.activated(Activation.GELU, first.expected(x));
        assertThat(bench.read(output, images, out)).isEqualTo(second.expected(between));
      }
    }
  }

  /** Sources of every kind: the rows that the kernel {@code rows} makes of them, quantized. */
  @ParameterizedTest
  @CsvSource({"F16, 96, 0", "F16, 100, 4", "F32, 96, 0", "F32, 37, 1", "F16, 2000, 0"})
  void quantizesRowsOfEverySource(StorageType type, int channels, int gap) {
    int tokens = 21;
    int images = 2;
    int out = 40;
    Random random = new Random(channels);
    for (int kind = 0; kind < RowSources.KINDS; kind++) {
      for (boolean rotated : new boolean[] {false, true}) {
        try (KernelBench bench = new KernelBench()) {
          RowSources sources = new RowSources(bench, random, type, images, tokens, channels, gap);
          RowSource source = sources.source(kind);
          DeviceValue rows = bench.result(StorageType.F32, images, tokens, channels);
          RowsParams params = new RowsParams(source, rows, images);
          bench.run(RowsGeometry.of(params), params);
          LinearCase linear =
              LinearCase.random(random, tokens, channels, out, 4, 4, rotated, rotated);
          DeviceValue output = bench.result(StorageType.F32, images, tokens, out);
          LinearCase.Problem problem = linear.problem(bench, source, output);
          for (boolean packed : linear.kernels()) {
            LinearCase.run(bench, List.of(problem), images, GPUS[kind % 3], packed);
            assertThat(bench.read(output, images, out))
                .as("kind %d, rotated %s", kind, rotated)
                .isEqualTo(linear.expected(bench.read(rows, images, channels)));
          }
        }
      }
    }
  }

  @Test
  void problemsOfOneLaunch() {
    Random random = new Random(5);
    int tokens = 35;
    int in = 48;
    int out = 70;
    try (KernelBench bench = new KernelBench()) {
      LinearCase[] linears = new LinearCase[4];
      LinearCase.Problem[] problems = new LinearCase.Problem[4];
      float[][] inputs = new float[4][];
      for (int i = 0; i < 4; i++) {
        inputs[i] = ScalarReference.floats(random, tokens * in);
        linears[i] = LinearCase.random(random, tokens, in, out, 6, 6, i % 2 == 1, true);
        DeviceValue input = bench.value(inputs[i], StorageType.F32, tokens, in, in);
        DeviceValue output = bench.result(StorageType.F32, 1, tokens, out);
        problems[i] = linears[i].problem(bench, RowSource.of(input, tokens, in), output);
      }
      LinearCase.run(bench, List.of(problems), 1, GPUS[1], false);
      for (int i = 0; i < 4; i++) {
        assertThat(bench.read(problems[i].output(), 1, out))
            .isEqualTo(linears[i].expected(inputs[i]));
      }
    }
  }
}
