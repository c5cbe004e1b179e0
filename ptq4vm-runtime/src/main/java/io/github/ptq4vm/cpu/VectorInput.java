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
 * The input side of a quantized linear, with the codes of {@link ScalarInput}: the six rows of a
 * tile at a time, each in a lane of its own, so that what differs from row to row is a vector and
 * no channel is left over. Codes are written where {@link VectorTile} reads them.
 */
final class VectorInput {
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
  private static final int LANES = VectorMath.LANES;
  private static final int ROWS = VectorTile.ROWS;

  /** Lanes that the rows of a tile take: some whole vectors, a power of two. */
  static final int WIDTH = Math.max(8, LANES);

  // Places of the arrays in a row of WIDTH floats each.
  private static final int INVERSE_STEP = 0;
  private static final int LOWEST = WIDTH;
  private static final int HIGHEST = 2 * WIDTH;
  private static final int ZERO_POINT = 3 * WIDTH;

  private final float[] smoothing;
  private final InputScale scale;
  private final @Nullable VectorRotation rotation;
  private final int limit;

  VectorInput(QuantizedWeights weights) {
    this.smoothing = weights.inputSmoothing();
    this.scale = weights.inputScale();
    ChannelRotation channels = weights.rotation();
    this.rotation = channels == null ? null : new VectorRotation(channels);
    this.limit = weights.inputLimit();
  }

  /** Floats that {@link #quantize} writes for so many rows, and some that it spoils. */
  int tilesSize(int rows) {
    return VectorTile.interleavedSize(rows, smoothing.length) + WIDTH;
  }

  /** Number of steps and of zero points that {@link #quantize} writes for so many rows. */
  static int scalesSize(int rows) {
    return rows + ROWS;
  }

  /**
   * Quantizes as many rows as there are tokens from {@code from} to {@code to - 1}.
   *
   * @param first the first row of x
   * @param tiles codes, interleaved as {@link VectorTile#interleave} does
   * @param steps step of each row
   * @param zeroPoints zero point of each row, integers
   * @param scratch its floats from slot {@code slot} on are used
   */
  void quantize(
      Matrix x,
      int first,
      int from,
      int to,
      float[] tiles,
      float[] steps,
      float[] zeroPoints,
      Scratch scratch,
      int slot) {
    int in = smoothing.length;
    int size = rotation == null ? in * WIDTH : rotation.size();
    float[] values = scratch.floats(slot, size);
    float[] spare = rotation == null ? values : scratch.floats(slot + 1, size);
    float[] lanes = scratch.floats(slot + 2, 4 * WIDTH);
    for (int t = from; t < to; t += ROWS) {
      int rows = Math.min(ROWS, to - t);
      int row = t - from;
      load(x.data(), x.at(first + row), x.stride(), rows, in, values);
      float[] rotated = rotation == null ? values : rotation.apply(values, spare);
      scales(rotated, t, rows, lanes, steps, zeroPoints, row);
      bounds(lanes, steps, zeroPoints, row);
      // Lanes beyond the six rows spill into places whose codes are written later.
      for (int lane = WIDTH - LANES; lane >= 0; lane -= LANES) {
        codes(rotated, smoothing, lanes, lane, tiles, row * in + lane);
      }
    }
  }

  /** Rows into lanes; zeros in lanes without a row. */
  private static void load(float[] x, int at, int stride, int rows, int channels, float[] values) {
    Arrays.fill(values, 0, channels * WIDTH, 0f);
    for (int r = 0; r < rows; r++) {
      int row = at + r * stride;
      for (int k = 0; k < channels; k++) {
        values[k * WIDTH + r] = x[row + k];
      }
    }
  }

  /** Steps and zero points of a tile's rows; any valid ones for rows that do not exist. */
  private void scales(
      float[] values,
      int token,
      int rows,
      float[] lanes,
      float[] steps,
      float[] zeroPoints,
      int row) {
    if (scale instanceof InputScale.Static fixed) {
      for (int r = 0; r < ROWS; r++) {
        steps[row + r] = r < rows ? fixed.step()[token + r] : 1f;
        zeroPoints[row + r] = r < rows ? fixed.zeroPoint()[token + r] : 0f;
      }
    } else if (scale instanceof InputScale.Dynamic dynamic) {
      for (int lane = 0; lane < WIDTH; lane += LANES) {
        range(values, smoothing, lane, lanes);
      }
      for (int r = 0; r < ROWS; r++) {
        float smallest = lanes[LOWEST + r];
        float step = dynamic.step(smallest, lanes[HIGHEST + r], limit);
        steps[row + r] = step;
        zeroPoints[row + r] = dynamic.zeroPoint(smallest, step, limit);
      }
    }
  }

  /**
   * Smallest and largest value of one vector of rows, or zero. Taken as ints, positive floats keep
   * their order and negative ones are below zero; a maximum of ints is one instruction, one of
   * floats takes five.
   */
  private static void range(float[] values, float[] smoothing, int lane, float[] lanes) {
    IntVector smallest = FloatVector.zero(SPECIES).reinterpretAsInts();
    IntVector largest = smallest;
    for (int k = 0; k < smoothing.length; k++) {
      FloatVector v = FloatVector.fromArray(SPECIES, values, k * WIDTH + lane).mul(smoothing[k]);
      smallest = smallest.max(v.neg().reinterpretAsInts());
      largest = largest.max(v.reinterpretAsInts());
    }
    smallest.reinterpretAsFloats().neg().intoArray(lanes, LOWEST + lane);
    largest.reinterpretAsFloats().intoArray(lanes, HIGHEST + lane);
  }

  /** What {@link #codes} needs of the scales of a tile, a lane for each row. */
  private void bounds(float[] lanes, float[] steps, float[] zeroPoints, int row) {
    Arrays.fill(lanes, 0, 4 * WIDTH, 0f);
    for (int r = 0; r < ROWS; r++) {
      float zero = zeroPoints[row + r];
      lanes[INVERSE_STEP + r] = 1f / steps[row + r];
      lanes[LOWEST + r] = -zero;
      lanes[HIGHEST + r] = limit - zero;
      lanes[ZERO_POINT + r] = zero;
    }
  }

  /** Codes of one vector of rows. */
  private static void codes(
      float[] values, float[] smoothing, float[] lanes, int lane, float[] tiles, int tile) {
    FloatVector inverseStep = FloatVector.fromArray(SPECIES, lanes, INVERSE_STEP + lane);
    FloatVector lowest = FloatVector.fromArray(SPECIES, lanes, LOWEST + lane);
    FloatVector highest = FloatVector.fromArray(SPECIES, lanes, HIGHEST + lane);
    FloatVector zeroPoint = FloatVector.fromArray(SPECIES, lanes, ZERO_POINT + lane);
    for (int k = 0; k < smoothing.length; k++) {
      // The bounds are integers, so it does not matter whether they come before the rounding.
      FloatVector.fromArray(SPECIES, values, k * WIDTH + lane)
          .mul(smoothing[k])
          .mul(inverseStep)
          .min(highest)
          .max(lowest)
          .add(VectorMath.ROUNDER)
          .sub(VectorMath.ROUNDER)
          .add(zeroPoint)
          .intoArray(tiles, tile + k * ROWS);
    }
  }
}
