package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.InputScale;
import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The input side of a quantized linear, with the codes of {@link ScalarInput}: row by row, vectors
 * along the channels. Rows are padded to whole vectors.
 */
final class VectorInput {
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;
  private static final IntVector ZERO = IntVector.zero(IntVector.SPECIES_PREFERRED);

  /** Floats that may be read beyond the last row of codes. */
  static final int SPARE = LANES;

  private final int channels;
  private final int padded;
  private final float[] smoothing;
  private final InputScale scale;
  private final @Nullable VectorRotation rotation;
  private final int limit;

  VectorInput(QuantizedWeights weights) {
    this.channels = weights.inFeatures();
    this.padded = (channels + LANES - 1) / LANES * LANES;
    this.smoothing = Arrays.copyOf(weights.inputSmoothing(), padded);
    this.scale = weights.inputScale();
    ChannelRotation turn = weights.rotation();
    this.rotation = turn == null ? null : new VectorRotation(turn);
    this.limit = weights.inputLimit();
  }

  /** Distance of rows of codes: the channels, padded to whole vectors. */
  int stride() {
    return padded;
  }

  /**
   * Quantizes as many rows as there are tokens from {@code from} to {@code to - 1}.
   *
   * @param first the first row of x
   * @param codes result, rows of integers at a distance of {@link #stride()}; what lies beyond the
   *     channels is spoilt
   * @param steps step of each row
   * @param zeroPoints zero point of each row, integers
   * @param scratch its floats from slot {@code slot} on are used, two of them
   */
  void quantize(
      Matrix x,
      int first,
      int from,
      int to,
      float[] codes,
      float[] steps,
      float[] zeroPoints,
      Scratch scratch,
      int slot) {
    int size = rotation == null ? padded : Math.max(padded, rotation.size());
    float[] row = scratch.floats(slot, size + 2 * LANES);
    float[] spare = scratch.floats(slot + 1, size);
    for (int t = from; t < to; t++) {
      int r = t - from;
      float[] values = row;
      int at = 0;
      if (rotation != null) {
        rotation.apply(x.data(), x.at(first + r), spare, row);
        Arrays.fill(row, channels, padded, 0f);
      } else if (channels == padded) {
        values = x.data();
        at = x.at(first + r);
      } else {
        System.arraycopy(x.data(), x.at(first + r), row, 0, channels);
        Arrays.fill(row, channels, padded, 0f);
      }
      scales(values, at, t, row, size, steps, zeroPoints, r);
      codes(values, at, smoothing, 1f / steps[r], zeroPoints[r], limit, codes, r * padded);
    }
  }

  /** Step and zero point of a row. */
  private void scales(
      float[] values,
      int at,
      int token,
      float[] extremes,
      int extremesAt,
      float[] steps,
      float[] zeroPoints,
      int row) {
    if (scale instanceof InputScale.Static fixed) {
      steps[row] = fixed.step()[token];
      zeroPoints[row] = fixed.zeroPoint()[token];
    } else if (scale instanceof InputScale.Dynamic dynamic) {
      range(values, at, smoothing, extremes, extremesAt);
      float smallest = 0f;
      float largest = 0f;
      for (int lane = 0; lane < LANES; lane++) {
        smallest = Math.min(smallest, -extremes[extremesAt + lane]);
        largest = Math.max(largest, extremes[extremesAt + LANES + lane]);
      }
      steps[row] = dynamic.step(smallest, largest, limit);
      zeroPoints[row] = dynamic.zeroPoint(smallest, steps[row], limit);
    }
  }

  /**
   * Largest magnitude below zero and above it, of each lane. Taken as ints, positive floats keep
   * their order and negative ones are below zero; a maximum of ints is one instruction, one of
   * floats takes five.
   */
  private static void range(float[] values, int at, float[] smoothing, float[] extremes, int to) {
    IntVector below = FloatVector.zero(SPECIES).reinterpretAsInts();
    IntVector above = below;
    for (int k = 0; k < smoothing.length; k += LANES) {
      FloatVector v =
          FloatVector.fromArray(SPECIES, values, at + k)
              .mul(FloatVector.fromArray(SPECIES, smoothing, k));
      below = below.max(v.neg().reinterpretAsInts());
      above = above.max(v.reinterpretAsInts());
    }
    below.reinterpretAsFloats().intoArray(extremes, to);
    above.reinterpretAsFloats().intoArray(extremes, to + LANES);
  }

  /**
   * Codes of one row. The bounds come last, where values are whole: those that are too large to be
   * rounded by {@link VectorMath#ROUNDER} are beyond the bounds all the same.
   */
  private static void codes(
      float[] values,
      int at,
      float[] smoothing,
      float inverseStep,
      float zeroPoint,
      float limit,
      float[] codes,
      int to) {
    IntVector highest = FloatVector.broadcast(SPECIES, limit).reinterpretAsInts();
    FloatVector zero = FloatVector.broadcast(SPECIES, zeroPoint);
    FloatVector inverse = FloatVector.broadcast(SPECIES, inverseStep);
    for (int k = 0; k < smoothing.length; k += LANES) {
      FloatVector.fromArray(SPECIES, values, at + k)
          .mul(FloatVector.fromArray(SPECIES, smoothing, k))
          .mul(inverse)
          .add(VectorMath.ROUNDER)
          .sub(VectorMath.ROUNDER)
          .add(zero)
          .reinterpretAsInts()
          .max(ZERO)
          .min(highest)
          .reinterpretAsFloats()
          .intoArray(codes, to + k);
    }
  }
}
