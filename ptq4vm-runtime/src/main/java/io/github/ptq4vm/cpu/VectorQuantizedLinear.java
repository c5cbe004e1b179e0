package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Quantized linear whose integers travel in floats: a float holds every integer up to 2^24, so as
 * long as no sum of products can exceed that, multiply-adds in float32 give the integer sums
 * exactly. The Vector API has no 8 bit dot product; this is faster than its 32 bit integers.
 *
 * <p>Where larger sums are possible, input channels are cut into ranges whose sums fit, and these
 * are added as ints.
 */
final class VectorQuantizedLinear implements CpuKernels.QuantizedLinear {
  private static final int EXACT = 1 << 24;
  private static final int PANEL = VectorTile.PANEL;
  private static final int LANES = VectorMath.LANES;
  private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

  private final QuantizedWeights weights;
  private final VectorInput input;
  private final float[] packed;
  private final float[] weightStep;
  private final float[] rowSum;
  private final float @Nullable [] bias;
  private final int range;

  VectorQuantizedLinear(QuantizedWeights weights) {
    this.weights = weights;
    this.input = new VectorInput(weights);
    int out = weights.outFeatures();
    int in = weights.inFeatures();
    float[] floats = new float[out * in];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = weights.weight()[i];
    }
    int padded = VectorTile.panels(out) * PANEL;
    this.packed = VectorTile.pack(floats, out, in);
    this.weightStep = Arrays.copyOf(weights.weightStep(), padded);
    this.rowSum = new float[padded];
    int largest = 0;
    for (int o = 0; o < out; o++) {
      rowSum[o] = weights.rowSum()[o];
      largest = Math.max(largest, weights.rowMagnitude()[o]);
    }
    float[] unpadded = weights.bias();
    this.bias = unpadded == null ? null : Arrays.copyOf(unpadded, padded);
    this.range =
        (long) largest * weights.inputLimit() <= EXACT ? in : EXACT / (128 * weights.inputLimit());
  }

  @Override
  public void apply(Matrix x, int first, Matrix y, int from, int to, Scratch scratch) {
    int in = weights.inFeatures();
    float[] sums = scratch.floats(0, VectorTile.ROWS * PANEL);
    float[] tiles = scratch.floats(1, input.tilesSize(to - from));
    float[] steps = scratch.floats(2, VectorInput.scalesSize(to - from));
    float[] zeroPoints = scratch.floats(3, VectorInput.scalesSize(to - from));
    input.quantize(x, first, from, to, tiles, steps, zeroPoints, scratch, 4);
    for (int panel = 0; panel < weights.outFeatures(); panel += PANEL) {
      int width = Math.min(PANEL, weights.outFeatures() - panel);
      for (int t = from; t < to; t += VectorTile.ROWS) {
        int rows = Math.min(VectorTile.ROWS, to - t);
        if (range == in) {
          VectorTile.multiply(tiles, (t - from) * in, packed, panel * in, in, sums);
          for (int r = 0; r < rows; r++) {
            int row = t - from + r;
            scaleRow(sums, r * PANEL, steps[row], zeroPoints[row], panel);
            System.arraycopy(sums, r * PANEL, y.data(), y.at(t + r) + panel, width);
          }
        } else {
          int[] total = accumulate(tiles, (t - from) * in, rows, panel, sums, scratch);
          for (int r = 0; r < rows; r++) {
            int row = t - from + r;
            float[] data = y.data();
            for (int j = 0; j < width; j++) {
              int sum = total[r * PANEL + j];
              data[y.at(t + r) + panel + j] =
                  ScalarQuantizedLinear.scaled(
                      weights, sum, steps[row], (int) zeroPoints[row], panel + j);
            }
          }
        }
      }
    }
  }

  @Override
  public QuantizedTrace trace(Matrix x) {
    int in = weights.inFeatures();
    int out = weights.outFeatures();
    int tokens = x.rows();
    Scratch scratch = new Scratch();
    float[] sums = new float[VectorTile.ROWS * PANEL];
    float[] tiles = new float[input.tilesSize(tokens)];
    float[] scales = new float[VectorInput.scalesSize(tokens)];
    input.quantize(x, 0, 0, tokens, tiles, scales, scales.clone(), scratch, 0);
    int[] codes = new int[tokens * in];
    int[] accumulators = new int[tokens * out];
    for (int t = 0; t < tokens; t++) {
      int row = t % VectorTile.ROWS;
      for (int k = 0; k < in; k++) {
        codes[t * in + k] = (int) tiles[(t - row) * in + k * VectorTile.ROWS + row];
      }
    }
    for (int first = 0; first < out; first += PANEL) {
      for (int t = 0; t < tokens; t += VectorTile.ROWS) {
        int rows = Math.min(VectorTile.ROWS, tokens - t);
        int[] total = accumulate(tiles, t * in, rows, first, sums, scratch);
        for (int r = 0; r < rows; r++) {
          System.arraycopy(
              total, r * PANEL, accumulators, (t + r) * out + first, Math.min(PANEL, out - first));
        }
      }
    }
    return new QuantizedTrace(tokens, in, out, codes, accumulators);
  }

  /** Sums of a tile range by range, added as ints. */
  private int[] accumulate(
      float[] tiles, int tile, int rows, int first, float[] sums, Scratch scratch) {
    int in = weights.inFeatures();
    int[] total = scratch.ints(0, VectorTile.ROWS * PANEL);
    Arrays.fill(total, 0, rows * PANEL, 0);
    for (int k = 0; k < in; k += range) {
      VectorTile.multiply(
          tiles,
          tile + k * VectorTile.ROWS,
          packed,
          first * in + k * PANEL,
          Math.min(range, in - k),
          sums);
      for (int i = 0; i < rows * PANEL; i++) {
        total[i] += (int) sums[i];
      }
    }
    return total;
  }

  /** Scales a row of exact sums in place. */
  private void scaleRow(float[] sums, int row, float step, float zero, int first) {
    for (int j = 0; j < PANEL; j += LANES) {
      scale(sums, row + j, -zero, step, first + j);
    }
  }

  /** Scales one vector of exact sums in place. */
  private void scale(float[] sums, int at, float minusZero, float step, int channel) {
    // One rounding of the exact difference, as when an int difference becomes a float.
    FloatVector centred =
        FloatVector.fromArray(SPECIES, rowSum, channel)
            .fma(
                FloatVector.broadcast(SPECIES, minusZero),
                FloatVector.fromArray(SPECIES, sums, at));
    FloatVector scale = FloatVector.fromArray(SPECIES, weightStep, channel).mul(step);
    FloatVector y =
        bias == null
            ? centred.mul(scale)
            : centred.fma(scale, FloatVector.fromArray(SPECIES, bias, channel));
    y.intoArray(sums, at);
  }
}
