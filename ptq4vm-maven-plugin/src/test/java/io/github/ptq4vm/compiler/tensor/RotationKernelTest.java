package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.FiniteDifferences;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.network.ChannelRotation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rotation equals that of the runtime bit for bit; its transpose is its transpose. */
class RotationKernelTest {
  private final Parallel parallel = new Parallel(2);

  @AfterEach
  void close() {
    parallel.close();
  }

  private RotationKernel kernel(int channels) {
    return new RotationKernel(parallel, ChannelRotation.of(channels));
  }

  @ParameterizedTest
  @CsvSource({
    "1,5", "2,40", "3,9", "10,17", "12,8", "20,33", "24,1", "28,7", "64,16", "96,31", "160,5",
    "192,65", "384,12", "544,3", "768,19"
  })
  void sameBitsAsTheRuntime(int channels, int rows) {
    float[] x = Values.gaussian(channels, rows * channels);
    float[] expected = x.clone();
    ChannelRotation.of(channels).apply(expected);
    float[] y = new float[x.length];
    kernel(channels).apply(rows, x, y);
    assertThat(y).containsExactly(expected);
    assertThat(x).containsExactly(Values.gaussian(channels, rows * channels));

    kernel(channels).apply(rows, x, x);
    assertThat(x).containsExactly(expected);
  }

  @ParameterizedTest
  @CsvSource({"1,3", "3,9", "10,17", "12,8", "20,33", "28,7", "64,16", "96,31", "384,12"})
  void theTransposeIsTheGradient(int channels, int rows) {
    float[] x = Values.gaussian(1, rows * channels);
    float[] g = Values.gaussian(2, rows * channels);
    float[] y = new float[x.length];
    kernel(channels).apply(rows, x, y);
    float[] gx = g.clone();
    kernel(channels).applyTransposed(rows, gx, gx);
    double expected = FiniteDifferences.dot(g, Values.doubles(y));
    assertThat(FiniteDifferences.dot(gx, Values.doubles(x)))
        .isCloseTo(expected, within(1e-5 * x.length));
    // And an orthogonal one.
    kernel(channels).applyTransposed(rows, y, y);
    assertThat(Values.relativeError(y, Values.doubles(x))).isLessThan(1e-6);
  }
}
