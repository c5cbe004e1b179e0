package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.cpu.Matrix;
import io.github.ptq4vm.network.InputScale;
import io.github.ptq4vm.network.QuantizedWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The scan kernels against the CPU's scan behind the CPU's dt_proj. */
@EmulatedGpu
class ScanKernelTest {

  /**
   * Sizes of a test.
   *
   * @param bits of dt_proj, 0 where step sizes are given
   */
  private record Sizes(
      int states, int channels, int length, int images, int directions, int rank, int bits) {}

  @ParameterizedTest
  @CsvSource({
    // states, channels, length, images, directions, rank, bits
    "1, 1, 1, 1, 1, 0, 0",
    "1, 33, 31, 2, 1, 6, 8",
    "1, 96, 785, 1, 4, 6, 6",
    "1, 384, 197, 1, 2, 24, 4",
    "1, 96, 33, 20, 4, 0, 0",
    "1, 200, 32, 40, 1, 48, 8",
    "2, 33, 197, 1, 2, 12, 8",
    "2, 384, 33, 23, 2, 3, 4",
    "4, 96, 31, 2, 3, 6, 6",
    "4, 33, 785, 1, 1, 0, 0",
    "8, 96, 197, 1, 2, 12, 8",
    "8, 384, 33, 12, 4, 12, 4",
    "8, 1, 32, 1, 1, 1, 6",
    "16, 1, 1, 1, 1, 1, 8",
    "16, 33, 31, 1, 1, 5, 6",
    "16, 96, 32, 2, 2, 12, 4",
    "16, 384, 197, 1, 2, 12, 8",
    "16, 384, 33, 12, 2, 48, 8",
    "16, 192, 197, 2, 4, 0, 0",
    "13, 100, 9, 265, 2, 12, 4",
    "16, 64, 41, 528, 2, 3, 8",
    "16, 96, 785, 1, 1, 24, 4",
    "24, 33, 33, 2, 1, 12, 8",
    "32, 96, 197, 1, 2, 64, 4",
    "64, 96, 33, 1, 2, 12, 6",
    "128, 33, 32, 1, 1, 0, 0"
  })
  void agreesWithTheScalarProvider(
      int states, int channels, int length, int images, int directions, int rank, int bits) {
    Sizes sizes = new Sizes(states, channels, length, images, directions, rank, bits);
    for (StorageType type : List.of(StorageType.F16, StorageType.F32)) {
      check(sizes, type, false, sizes.hashCode());
    }
    if (bits > 0) {
      check(sizes, StorageType.F16, true, sizes.hashCode() + 1);
    }
  }

  /** All ways to cut a tile, whatever the number of blocks asks for. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void chunksChangeNothing(int chunks) {
    for (int states : new int[] {1, 3, 6, 16}) {
      int each = states == 1 ? 1 : 4;
      int sharers = (states + each - 1) / each;
      int threads = Integer.highestOneBit(2 * sharers - 1);
      if (128 / threads / chunks >= 8) {
        Sizes sizes = new Sizes(states, 40, 70, 1, 1, 7, 8);
        try (KernelBench bench = new KernelBench()) {
          Problem problem = new Problem(bench, sizes, StorageType.F16, false, new Random(chunks));
          ScanParams params = params(sizes, List.of(problem.struct));
          bench.run(ScanGeometry.of(params, chunks).launch(), params.withChunks(chunks));
          problem.check();
        }
      }
    }
  }

  private static void check(Sizes sizes, StorageType type, boolean dynamic, long seed) {
    Random random = new Random(seed);
    try (KernelBench bench = new KernelBench()) {
      List<Problem> problems = new ArrayList<>();
      for (int i = 0; i < sizes.directions(); i++) {
        problems.add(new Problem(bench, sizes, type, dynamic, random));
      }
      ScanParams params = params(sizes, problems.stream().map(p -> p.struct).toList());
      ScanGeometry geometry = ScanGeometry.of(params, new GpuTraits(99 << 10, 132));
      bench.run(geometry.launch(), params.withChunks(geometry.chunks()));
      problems.forEach(Problem::check);
    }
  }

  private static ScanParams params(Sizes sizes, List<ScanProblem> problems) {
    return new ScanParams(
        problems, sizes.images, sizes.channels, sizes.states, sizes.length, sizes.rank, 1);
  }

  /** A direction: its numbers on both sides. */
  private static final class Problem {
    private final KernelBench bench;
    private final Sizes sizes;
    private final StorageType type;
    private final float[] u;
    private final float[] projected;
    private final float[] dt;
    private final float[] logRates;
    private final float[] skip;
    private final int[] order;
    private final ScanProblem struct;

    Problem(KernelBench bench, Sizes sizes, StorageType type, boolean dynamic, Random random) {
      this.bench = bench;
      this.sizes = sizes;
      this.type = type;
      int channels = sizes.channels;
      int states = sizes.states;
      int rank = sizes.rank;
      int rows = sizes.images * sizes.length;
      int width = rank + 2 * states;
      boolean ordered = random.nextInt(4) > 0;
      // One row more than the sequence has where rows are found through a map.
      int inputRows = sizes.length + (ordered ? 1 : 0);
      this.order = ordered ? ScalarReference.order(random, sizes.length) : identity(sizes.length);
      this.u = ScalarReference.values(random, sizes.images * inputRows * channels, type);
      this.projected = ScalarReference.floats(random, rows * width);
      this.logRates = ScalarReference.floats(random, channels * states);
      this.skip = ScalarReference.floats(random, channels);
      float[] rates = new float[logRates.length];
      for (int i = 0; i < rates.length; i++) {
        rates[i] = (float) -Math.exp(logRates[i]);
      }
      int stride = channels + random.nextInt(2) * (8 - channels % 8);
      DeviceValue uValue = bench.value(u, type, inputRows, channels, stride);
      DeviceValue all =
          bench.value(
              projected, StorageType.F32, sizes.length, width, width + random.nextInt(2) * 3);
      DeviceValue y = bench.result(type, sizes.images, inputRows, stride);
      this.dt = new float[rows * channels];
      long map = ordered ? bench.ints(order) : 0;
      ScanProblem problem =
          ScanProblem.of(
                  uValue,
                  all,
                  all.from(rank),
                  all.from(rank + states),
                  bench.floats(rates),
                  bench.floats(skip),
                  y)
              .mapped(map, map);
      if (rank > 0) {
        this.struct = project(problem, dynamic, random);
      } else {
        float[] given = ScalarReference.values(random, dt.length, type);
        System.arraycopy(given, 0, dt, 0, dt.length);
        DeviceValue value = bench.value(given, type, sizes.length, channels, stride);
        this.struct =
            ScanProblem.of(uValue, value, problem.b(), problem.c(), problem.a(), problem.skip(), y)
                .mapped(map, map);
      }
    }

    private static int[] identity(int length) {
      int[] order = new int[length];
      for (int i = 0; i < length; i++) {
        order[i] = i;
      }
      return order;
    }

    /** dt_proj on both sides. */
    private ScanProblem project(ScanProblem problem, boolean dynamic, Random random) {
      int rank = sizes.rank;
      int channels = sizes.channels;
      int limit = (1 << sizes.bits) - 1;
      int weightLimit = (1 << sizes.bits - 1) - 1;
      byte[] weight = new byte[channels * rank];
      int padded = KernelStruct.roundUp(rank, ScanParams.RANK_PADDING);
      byte[] paddedWeight = new byte[channels * padded];
      int[] rowSum = new int[channels];
      int[] magnitude = new int[channels];
      float[] weightStep = new float[channels];
      for (int c = 0; c < channels; c++) {
        for (int k = 0; k < rank; k++) {
          int code = random.nextInt(2 * weightLimit + 1) - weightLimit;
          weight[c * rank + k] = (byte) code;
          paddedWeight[c * padded + k] = (byte) code;
          rowSum[c] += code;
          magnitude[c] += Math.abs(code);
        }
        weightStep[c] = (0.5f + random.nextFloat()) * 0.3f / weightLimit;
      }
      float[] smoothing = new float[rank];
      for (int k = 0; k < rank; k++) {
        smoothing[k] = 0.5f + random.nextFloat();
      }
      float[] step = new float[sizes.length];
      int[] zero = new int[sizes.length];
      byte[] zeroBytes = new byte[sizes.length];
      for (int t = 0; t < sizes.length; t++) {
        step[t] = (0.5f + random.nextFloat()) * 4 / limit;
        zero[t] = random.nextInt(limit + 1);
        zeroBytes[t] = (byte) zero[t];
      }
      boolean biased = random.nextInt(4) > 0;
      float[] bias = null;
      if (biased) {
        bias = ScalarReference.floats(random, channels);
        for (int c = 0; c < channels; c++) {
          bias[c] -= 3;
        }
      }
      float range = 0.9f;
      QuantizedWeights weights =
          new QuantizedWeights(
              channels,
              rank,
              weight,
              weightStep,
              rowSum,
              magnitude,
              smoothing,
              dynamic ? new InputScale.Dynamic(range) : new InputScale.Static(step, zero),
              limit,
              null,
              bias);
      int width = rank + 2 * sizes.states;
      for (int image = 0; image < sizes.images; image++) {
        Matrix low = new Matrix(projected, image * sizes.length * width, width, sizes.length, rank);
        Matrix high =
            new Matrix(dt, image * sizes.length * channels, channels, sizes.length, channels);
        ScalarReference.KERNELS
            .linear(weights)
            .apply(low, high, 0, sizes.length, ScalarReference.scratch());
      }
      long factors = bench.floats(smoothing);
      InputQuantizer quantizer =
          dynamic
              ? InputQuantizer.dynamic(factors, range, limit)
              : InputQuantizer.fixed(factors, bench.floats(step), bench.bytes(zeroBytes), limit);
      return problem.projected(
          quantizer,
          bench.bytes(paddedWeight),
          bench.floats(weightStep),
          bench.ints(rowSum),
          biased ? bench.floats(bias) : 0);
    }

    /** Compares what the kernel wrote, within the bound of docs/numerics.md. */
    void check() {
      int channels = sizes.channels;
      int rows = struct.y().rows();
      float[] found = bench.read(struct.y(), sizes.images, channels);
      for (int image = 0; image < sizes.images; image++) {
        float[] expected = scan(image, false);
        float[] magnitude = scan(image, true);
        boolean[] written = new boolean[rows];
        for (int t = 0; t < sizes.length; t++) {
          if (order[t] < 0) {
            continue;
          }
          written[order[t]] = true;
          for (int c = 0; c < channels; c++) {
            float y = expected[t * channels + c];
            double bound = magnitude[t * channels + c] * (1e-5 + sizes.length * 0x1p-23);
            Closeness.check(
                found[(image * rows + order[t]) * channels + c],
                y,
                bound + Half.error(y, type) + 1e-9,
                sizes,
                type,
                image,
                t,
                c);
          }
        }
        for (int r = 0; r < rows; r++) {
          if (!written[r]) {
            assertThat(found[(image * rows + r) * channels]).isEqualTo(KernelBench.untouched(type));
          }
        }
      }
    }

    private float[] scan(int image, boolean magnitudes) {
      int channels = sizes.channels;
      int states = sizes.states;
      int length = sizes.length;
      int width = sizes.rank + 2 * states;
      int rows = u.length / channels / sizes.images;
      float[] ordered =
          ScalarReference.gathered(
              ScalarReference.image(u, image, rows * channels), order, channels);
      float[] low = ScalarReference.image(projected, image, length * width);
      float[] factors = skip;
      if (magnitudes) {
        ordered = ScalarReference.magnitudes(ordered);
        low = ScalarReference.magnitudes(low);
        factors = ScalarReference.magnitudes(skip);
      }
      float[] y = new float[length * channels];
      ScalarReference.KERNELS
          .scan(logRates, factors, channels, states)
          .apply(
              Matrix.of(ordered, length, channels),
              Matrix.of(ScalarReference.image(dt, image, length * channels), length, channels),
              new Matrix(low, sizes.rank, width, length, states),
              new Matrix(low, sizes.rank + states, width, length, states),
              Matrix.of(y, length, channels),
              0,
              channels,
              ScalarReference.scratch());
      return y;
    }
  }
}
