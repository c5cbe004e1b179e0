package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

/** Steps that both providers share, on random shapes and views, against double precision. */
class StepParityTest {

  @Property(tries = 100)
  void layerNorm(
      @ForAll @IntRange(min = 1, max = 9) int tokens,
      @ForAll @IntRange(min = 1, max = 70) int channels,
      @ForAll @IntRange(min = -100, max = 100) int mean,
      @ForAll long seed) {
    Random random = new Random(seed);
    Matrix x = KernelParityTest.view(random, tokens, channels);
    for (int i = 0; i < x.data().length; i++) {
      x.data()[i] += mean;
    }
    float[] weight = KernelParityTest.floats(random, channels);
    float[] bias = KernelParityTest.floats(random, channels);
    float eps = 0.01f;
    float[] scalar = normed(Providers.ALL.get(0), weight, bias, eps, x);
    for (CpuKernels kernels : Providers.ALL) {
      assertThat(normed(kernels, weight, bias, eps, x)).isEqualTo(scalar);
    }
    float[] y = scalar;
    for (int t = 0; t < tokens; t++) {
      double sum = 0;
      for (int c = 0; c < channels; c++) {
        sum += x.data()[x.at(t) + c];
      }
      double exactMean = sum / channels;
      double squares = 0;
      for (int c = 0; c < channels; c++) {
        squares += Math.pow(x.data()[x.at(t) + c] - exactMean, 2);
      }
      double deviation = Math.sqrt(squares / channels + eps);
      for (int c = 0; c < channels; c++) {
        double normed = (x.data()[x.at(t) + c] - exactMean) / deviation;
        // What rounding the mean may cost, and the roundings after it.
        double bound = Math.abs(weight[c]) * (1e-6 * (1 + Math.abs(mean)) / deviation + 1e-5);
        assertThat((double) y[t * channels + c])
            .isCloseTo(normed * weight[c] + bias[c], within(bound + 1e-6));
      }
    }
  }

  private static float[] normed(
      CpuKernels kernels, float[] weight, float @Nullable [] bias, float eps, Matrix x) {
    CpuKernels.Norm norm =
        bias == null ? kernels.rmsNorm(weight, eps) : kernels.layerNorm(weight, bias, eps);
    float[] y = new float[x.rows() * x.columns()];
    Matrix output = Matrix.of(y, x.rows(), x.columns());
    Scratch scratch = new Scratch();
    norm.apply(x, output, x.rows() / 3, x.rows(), scratch);
    norm.apply(x, output, 0, x.rows() / 3, scratch);
    return y;
  }

  @Property(tries = 60)
  void rmsNorm(
      @ForAll @IntRange(min = 1, max = 9) int tokens,
      @ForAll @IntRange(min = 1, max = 70) int channels,
      @ForAll long seed) {
    Random random = new Random(seed);
    Matrix x = KernelParityTest.view(random, tokens, channels);
    float[] weight = KernelParityTest.floats(random, channels);
    float[] scalar = normed(Providers.ALL.get(0), weight, null, 0.01f, x);
    for (CpuKernels kernels : Providers.ALL) {
      assertThat(normed(kernels, weight, null, 0.01f, x)).isEqualTo(scalar);
    }
    for (int t = 0; t < tokens; t++) {
      double squares = 0;
      for (int c = 0; c < channels; c++) {
        squares += Math.pow(x.data()[x.at(t) + c], 2);
      }
      double factor = 1 / Math.sqrt(squares / channels + 0.01);
      for (int c = 0; c < channels; c++) {
        double exact = x.data()[x.at(t) + c] * factor * weight[c];
        assertThat((double) scalar[t * channels + c])
            .isCloseTo(exact, within(1e-6 * (1 + Math.abs(exact))));
      }
    }
  }

  @Property(tries = 60)
  void sums(
      @ForAll @IntRange(min = 1, max = 9) int tokens,
      @ForAll @IntRange(min = 1, max = 70) int channels,
      @ForAll long seed) {
    Random random = new Random(seed);
    Matrix a = KernelParityTest.view(random, tokens, channels);
    Matrix b = KernelParityTest.view(random, tokens, channels);
    Matrix c = KernelParityTest.view(random, tokens, channels);
    for (CpuKernels kernels : Providers.ALL) {
      MergeStep step = new MergeStep(kernels, new int[] {0, 1, 2}, 0.3f, 3);
      float[] y = StepRunner.run(step, tokens, channels, a, b, c);
      for (int i = 0; i < y.length; i++) {
        int t = i / channels;
        float sum = a.data()[a.at(t) + i % channels] + b.data()[b.at(t) + i % channels];
        assertThat(y[i]).isEqualTo((sum + c.data()[c.at(t) + i % channels]) * 0.3f);
      }
    }
  }

  @Property(tries = 60)
  void rotation(
      @ForAll @IntRange(min = 1, max = 9) int tokens,
      @ForAll @IntRange(min = 1, max = 35) int pairs,
      @ForAll long seed) {
    Random random = new Random(seed);
    Matrix x = KernelParityTest.view(random, tokens, 2 * pairs);
    double[] angle = random.doubles((long) tokens * pairs, -4, 4).toArray();
    float[] cos = new float[2 * angle.length];
    float[] sin = new float[2 * angle.length];
    for (int i = 0; i < cos.length; i++) {
      cos[i] = (float) Math.cos(angle[i / 2]);
      sin[i] = (float) Math.sin(angle[i / 2]);
    }
    float[] y = StepRunner.run(new RotatePairsStep(cos, sin, 0, 1), tokens, 2 * pairs, x);
    for (int i = 0; i < angle.length; i++) {
      int at = x.at(i / pairs) + 2 * (i % pairs);
      // A complex number times a number of magnitude 1.
      double radius = Math.hypot(x.data()[at], x.data()[at + 1]);
      double turned = Math.atan2(x.data()[at + 1], x.data()[at]) + angle[i];
      assertThat((double) y[2 * i]).isCloseTo(radius * Math.cos(turned), within(1e-6));
      assertThat((double) y[2 * i + 1]).isCloseTo(radius * Math.sin(turned), within(1e-6));
    }
  }

  private static Step mean(int channels) {
    return new RangeStep((channels + 63) / 64, 1, new MeanTokensStep(0, 1));
  }

  @Property(tries = 60)
  void meanOverTokens(
      @ForAll @IntRange(min = 1, max = 40) int tokens,
      @ForAll @IntRange(min = 1, max = 150) int channels,
      @ForAll long seed) {
    Matrix x = KernelParityTest.view(new Random(seed), tokens, channels);
    float[] y = StepRunner.run(mean(channels), 1, channels, x);
    for (int c = 0; c < channels; c++) {
      double sum = 0;
      for (int t = 0; t < tokens; t++) {
        sum += x.data()[x.at(t) + c];
      }
      assertThat(y[c]).isEqualTo((float) (sum / tokens));
    }
  }

  @Property(tries = 60)
  void scalingOfChannels(
      @ForAll @IntRange(min = 1, max = 9) int tokens,
      @ForAll @IntRange(min = 1, max = 70) int channels,
      @ForAll long seed) {
    Random random = new Random(seed);
    Matrix x = KernelParityTest.view(random, tokens, channels);
    Matrix factors = KernelParityTest.view(random, 1, channels);
    float[] y = StepRunner.run(new ScaleChannelsStep(0, 1, 2), tokens, channels, x, factors);
    for (int i = 0; i < y.length; i++) {
      float factor = factors.data()[factors.at(0) + i % channels];
      assertThat(y[i]).isEqualTo(x.data()[x.at(i / channels) + i % channels] * factor);
    }
  }
}
