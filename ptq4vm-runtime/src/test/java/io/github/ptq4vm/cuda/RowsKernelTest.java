package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.cpu.Exact;
import io.github.ptq4vm.network.Activation;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernel rows, for every operation it serves. */
@EmulatedGpu
class RowsKernelTest {

  static Stream<Arguments> kinds() {
    return IntStream.range(0, RowSources.KINDS)
        .boxed()
        .flatMap(
            kind ->
                Stream.of(StorageType.F16, StorageType.F32).map(type -> Arguments.of(kind, type)));
  }

  /**
   * Copies, sums and scaled sums are exact; norms, gates and activations lie within their bounds.
   */
  @ParameterizedTest
  @MethodSource("kinds")
  void sourcesOfEveryKind(int kind, StorageType type) {
    int[][] shapes = {
      // images, tokens, channels, gap
      {1, 1, 1, 0}, {2, 13, 192, 0}, {3, 5, 384, 8}, {1, 9, 44, 1}, {2, 3, 1600, 0}, {1, 2, 13, 3}
    };
    Random random = new Random(kind);
    boolean exact = kind <= 5 || kind == 10;
    for (int[] shape : shapes) {
      try (KernelBench bench = new KernelBench()) {
        RowSources sources =
            new RowSources(bench, random, type, shape[0], shape[1], shape[2], shape[3]);
        RowSource source = sources.source(kind);
        DeviceValue output = bench.result(type, shape[0], shape[1], shape[2] + shape[3]);
        RowsParams params = new RowsParams(source, output, shape[0]);
        bench.run(RowsGeometry.of(params), params);
        float[] found = bench.read(output, shape[0], shape[2]);
        float[] expected = sources.expected();
        for (int i = 0; i < found.length; i++) {
          if (exact) {
            // Sums of zeros may have either sign.
            assertThat(found[i] + 0f).isEqualTo(Half.rounded(expected[i], type) + 0f);
          } else {
            double bound = 1e-5 * Math.abs(expected[i]) + 2e-6;
            assertThat(Math.abs((double) found[i] - expected[i]))
                .isLessThanOrEqualTo(bound + Half.error(Math.abs(expected[i]) + bound, type));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void activations(Activation activation) {
    float[] x = new float[4000];
    for (int i = 0; i < x.length; i++) {
      x[i] = -20 + i * 0.01f;
    }
    try (KernelBench bench = new KernelBench()) {
      DeviceValue input = bench.value(x, StorageType.F32, 100, 40, 40);
      DeviceValue output = bench.result(StorageType.F32, 1, 100, 40);
      RowsParams params =
          new RowsParams(RowSource.of(input, 100, 40).activated(activation), output, 1);
      bench.run(RowsGeometry.of(params), params);
      float[] found = bench.read(output, 1, 40);
      if (activation == Activation.GELU) {
        assertThat(found).isEqualTo(RowSources.activated(activation, x));
        return;
      }
      for (int i = 0; i < x.length; i++) {
        double expected = Exact.activation(activation, x[i]);
        assertThat((double) found[i]).isCloseTo(expected, within(1e-5 * Math.abs(expected)));
      }
    }
  }

  /**
   * Insertion of a class token: the value's rows and the table's one row, each where it belongs.
   */
  @Test
  void insertionOfAToken() {
    Random random = new Random(1);
    int channels = 24;
    float[] x = ScalarReference.floats(random, 2 * 4 * channels);
    float[] token = ScalarReference.floats(random, channels);
    try (KernelBench bench = new KernelBench()) {
      DeviceValue value = bench.value(x, StorageType.F32, 4, channels, channels);
      RowSource source =
          RowSource.sum(
              1,
              5,
              channels,
              List.of(
                  RowSource.Input.mapped(value, bench.ints(0, 1, -1, 2, 3)),
                  RowSource.Input.mapped(
                      DeviceValue.table(bench.floats(token), channels),
                      bench.ints(-1, -1, 0, -1, -1))));
      DeviceValue output = bench.result(StorageType.F32, 2, 5, channels);
      RowsParams params = new RowsParams(source, output, 2);
      bench.run(RowsGeometry.of(params), params);
      float[] found = bench.read(output, 2, channels);
      for (int r = 0; r < 10; r++) {
        int position = r % 5;
        for (int c = 0; c < channels; c++) {
          int from = r / 5 * 4 + (position > 2 ? position - 1 : position);
          assertThat(found[r * channels + c])
              .isEqualTo(position == 2 ? token[c] : x[from * channels + c]);
        }
      }
    }
  }
}
