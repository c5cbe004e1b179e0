package io.github.ptq4vm.compiler.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.tensor.Parallel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both searches: the published one against its formula, the cross-fitted one by its promises. */
class ClippingSearchTest {
  private static final int TOKENS = 12;
  private static final int CHANNELS = 37;

  /** Candidate 50 of these is the observed range itself. */
  private static final ClippingSearch CROSS_FITTED = new ClippingSearch(101, 0.5, 0.5, true, 2f);

  private static InputScale.Static search(
      ClippingSearch search, float[] input, int limit, int threads) {
    float[] ones = new float[CHANNELS];
    Arrays.fill(ones, 1f);
    try (Parallel parallel = new Parallel(threads)) {
      return search.activations(parallel, input, TOKENS, ones, limit);
    }
  }

  /** Tokens of different width and offset, with outliers: {@code [images][TOKENS][CHANNELS]}. */
  private static float[] input(long seed, int images) {
    float[] input = Values.gaussian(seed, images * TOKENS * CHANNELS);
    for (int i = 0; i < input.length; i++) {
      int t = i / CHANNELS % TOKENS;
      float heavy = input[i] * input[i] * input[i] / 3;
      input[i] = (t % 2 == 0 ? input[i] : heavy) * (1 + t) / 4 + t / 10f - 0.5f;
    }
    return input;
  }

  private static float[] token(float[] input, int token) {
    int images = input.length / TOKENS / CHANNELS;
    float[] values = new float[images * CHANNELS];
    for (int image = 0; image < images; image++) {
      System.arraycopy(
          input, (image * TOKENS + token) * CHANNELS, values, image * CHANNELS, CHANNELS);
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(ints = {15, 63, 255})
  void publishedFollowsItsFormula(int limit) {
    float[] input = input(1, 6);
    InputScale.Static found = search(ClippingSearch.published(), input, limit, 2);
    for (int t = 0; t < TOKENS; t++) {
      // All tokens lie on both sides of zero; see below for those that do not.
      PublishedSearch.Found expected = PublishedSearch.activations(token(input, t), limit);
      assertThat(found.step()[t]).as("step %d", t).isCloseTo(expected.step(), within(1e-7f));
      assertThat(found.zeroPoint()[t]).as("zero point %d", t).isEqualTo(expected.zeroPoint());
    }
  }

  /**
   * The released code scores a range before it is made to hold zero, so on a token on one side of
   * zero it scores what it does not use. Scored here is what is used, which can only be better.
   */
  @ParameterizedTest
  @ValueSource(ints = {15, 63, 255})
  void oneSidedTokensAreScoredAsTheyAreUsed(int limit) {
    float[] input = input(11, 4);
    for (int i = 0; i < input.length; i++) {
      input[i] = Math.abs(input[i]) + i / CHANNELS % TOKENS * 0.2f;
    }
    InputScale.Static found = search(ClippingSearch.published(), input, limit, 1);
    for (int t = 0; t < TOKENS; t++) {
      float[] values = token(input, t);
      PublishedSearch.Found other = PublishedSearch.activations(values, limit);
      double error = PublishedSearch.error(values, found.step()[t], found.zeroPoint()[t], limit);
      assertThat(error)
          .as("token %d", t)
          .isLessThanOrEqualTo(
              PublishedSearch.error(values, other.step(), other.zeroPoint(), limit) * (1 + 1e-5));
    }
  }

  @Test
  void smoothingAppliesBeforeTheSearch() {
    float[] input = input(2, 4);
    float[] reciprocal = Values.uniform(3, CHANNELS, 0.2, 3);
    float[] smoothed = input.clone();
    for (int i = 0; i < smoothed.length; i++) {
      smoothed[i] *= reciprocal[i % CHANNELS];
    }
    InputScale.Static expected = search(ClippingSearch.published(), smoothed, 15, 1);
    try (Parallel parallel = new Parallel(1)) {
      InputScale.Static found =
          ClippingSearch.published().activations(parallel, input, TOKENS, reciprocal, 15);
      assertThat(found.step()).containsExactly(expected.step());
      assertThat(found.zeroPoint()).containsExactly(expected.zeroPoint());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 31, 127})
  void publishedWeightsFollowTheirFormula(int limit) {
    int outputs = 20;
    float[] weight = Values.gaussian(4, outputs * CHANNELS);
    try (Parallel parallel = new Parallel(2)) {
      float[] steps = ClippingSearch.published().weights(parallel, weight, CHANNELS, limit);
      for (int o = 0; o < outputs; o++) {
        float[] row = Arrays.copyOfRange(weight, o * CHANNELS, (o + 1) * CHANNELS);
        float expected = PublishedSearch.weights(row, limit);
        assertThat(steps[o]).as("row %d", o).isCloseTo(expected, within(1e-6f * expected));
      }
    }
  }

  @Property(tries = 60)
  void anyRangeHoldsZeroAndIsUsable(
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed,
      @ForAll @IntRange(min = -3, max = 3) int offset,
      @ForAll @IntRange(min = 1, max = 3) int images,
      @ForAll boolean published) {
    float[] input = Values.gaussian(seed, images * TOKENS * CHANNELS);
    for (int i = 0; i < input.length; i++) {
      int t = i / CHANNELS % TOKENS;
      // A token of zeros and a constant one among them.
      input[i] = t == 0 ? 0 : t == 1 ? offset : input[i] + 2 * offset;
    }
    ClippingSearch search = published ? ClippingSearch.published() : ClippingSearch.crossFitted();
    InputScale.Static found = search(search, input, 15, 1);
    for (int t = 0; t < TOKENS; t++) {
      assertThat(found.step()[t]).isGreaterThanOrEqualTo(LinearQuantizer.SMALLEST).isFinite();
      assertThat(found.zeroPoint()[t]).isBetween(0, 15);
    }
  }

  @ParameterizedTest
  @CsvSource({"15,2", "15,9", "63,8", "255,8"})
  void crossFittingDoesNotLoseToTheObservedRange(int limit, int images) {
    float[] input = input(5, images);
    InputScale.Static found = search(CROSS_FITTED, input, limit, 1);
    int moved = 0;
    for (int t = 0; t < TOKENS; t++) {
      float[] values = token(input, t);
      double width = range(values, 0, 1)[1] - range(values, 0, 1)[0];
      // All ranges hold zero here, so the step tells the share by which the ends moved.
      double share = (1 - found.step()[t] * limit / width) / 2;
      assertThat(100 * share).isCloseTo(Math.rint(100 * share), within(1e-3));
      double best = heldOutError(values, share, limit);
      for (int i = -50; i < 50; i++) {
        assertThat(best)
            .as("error of share %s against %s of token %d", share, i / 100.0, t)
            .isLessThanOrEqualTo(heldOutError(values, i / 100.0, limit) * (1 + 1e-4));
      }
      moved += Math.abs(share) > 1e-3 ? 1 : 0;
    }
    assertThat(moved).isPositive();
  }

  /** Least and largest value of every {@code stride}th image from {@code first} on. */
  private static double[] range(float[] values, int first, int stride) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < values.length; i++) {
      if (i / CHANNELS % stride == first) {
        low = Math.min(low, values[i]);
        high = Math.max(high, values[i]);
      }
    }
    return new double[] {low, high};
  }

  /** Squared error of each half of the images in the other half's range, moved by a share. */
  private static double heldOutError(float[] values, double share, int limit) {
    double error = 0;
    for (int half = 0; half < 2; half++) {
      double[] range = range(values, 1 - half, 2);
      double low = Math.min(0, range[0] * (1 - share) + range[1] * share);
      double high = Math.max(0, range[0] * share + range[1] * (1 - share));
      double step = Math.max((high - low) / limit, 1e-8);
      double zero = Math.max(0, Math.min(limit, Math.rint(-low / step)));
      for (int i = 0; i < values.length; i++) {
        if (i / CHANNELS % 2 == half) {
          double code = Math.max(-zero, Math.min(limit - zero, Math.rint(values[i] / step)));
          error += (values[i] - code * step) * (values[i] - code * step);
        }
      }
    }
    return error;
  }

  @Test
  void theOrderOfImagesWithinAHalfDoesNotMatter() {
    int images = 10;
    int size = TOKENS * CHANNELS;
    float[] input = input(6, images);
    InputScale.Static expected = search(ClippingSearch.crossFitted(), input, 15, 1);
    for (int seed = 0; seed < 5; seed++) {
      List<Integer> even = new ArrayList<>(List.of(0, 2, 4, 6, 8));
      List<Integer> odd = new ArrayList<>(List.of(1, 3, 5, 7, 9));
      Collections.shuffle(even, new Random(seed));
      Collections.shuffle(odd, new Random(seed + 100));
      float[] shuffled = new float[input.length];
      for (int i = 0; i < images; i++) {
        int source = i % 2 == 0 ? even.get(i / 2) : odd.get(i / 2);
        System.arraycopy(input, source * size, shuffled, i * size, size);
      }
      InputScale.Static found = search(ClippingSearch.crossFitted(), shuffled, 15, 1);
      assertThat(found.step()).containsExactly(expected.step());
      assertThat(found.zeroPoint()).containsExactly(expected.zeroPoint());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 16})
  void threadsDoNotMatter(int threads) {
    float[] input = input(7, 5);
    float[] weight = Values.gaussian(8, 9 * CHANNELS);
    InputScale.Static expected = search(ClippingSearch.crossFitted(), input, 63, 1);
    InputScale.Static found = search(ClippingSearch.crossFitted(), input, 63, threads);
    assertThat(found.step()).containsExactly(expected.step());
    assertThat(found.zeroPoint()).containsExactly(expected.zeroPoint());
    try (Parallel one = new Parallel(1);
        Parallel many = new Parallel(threads)) {
      ClippingSearch search = ClippingSearch.crossFitted();
      assertThat(search.weights(many, weight, CHANNELS, 7))
          .containsExactly(search.weights(one, weight, CHANNELS, 7));
    }
  }

  @Test
  void aSingleImageIsItsOwnJudge() {
    float[] input = input(9, 1);
    InputScale.Static found = search(CROSS_FITTED, input, 15, 1);
    InputScale.Static own = search(new ClippingSearch(101, 0.5, 0.5, false, 2f), input, 15, 1);
    assertThat(found.step()).containsExactly(own.step());
  }

  @Test
  void unseenOutliersWidenTheRange() {
    // Odd images reach twice as far as even ones: half of the images leave the even ones' range.
    float[] input = new float[8 * TOKENS * CHANNELS];
    for (int i = 0; i < input.length; i++) {
      int image = i / CHANNELS / TOKENS;
      input[i] = (i % CHANNELS - CHANNELS / 2) * (image % 2 == 0 ? 0.05f : 0.1f);
    }
    float observed = 2 * (CHANNELS / 2) * 0.1f / 255;
    float[] steps = search(CROSS_FITTED, input, 255, 1).step();
    for (float step : steps) {
      assertThat(step).isGreaterThan(1.2f * observed);
    }
    InputScale.Static published = search(ClippingSearch.published(), input, 255, 1);
    assertThat(published.step()[0]).isLessThanOrEqualTo(observed);
  }
}
