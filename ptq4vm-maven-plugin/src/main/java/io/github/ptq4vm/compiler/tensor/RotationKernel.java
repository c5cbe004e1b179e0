package io.github.ptq4vm.compiler.tensor;

import static io.github.ptq4vm.compiler.tensor.VectorMath.LANES;
import static io.github.ptq4vm.compiler.tensor.VectorMath.load;

import io.github.ptq4vm.network.ChannelRotation;
import jdk.incubator.vector.FloatVector;

/**
 * {@link ChannelRotation} of many rows, to the same bits: as many rows at a time as a vector has
 * lanes, one in each, so that every addition of the transform is one of whole vectors.
 */
public final class RotationKernel {
  private final Parallel parallel;
  private final int channels;
  private final int base;
  private final int length;
  private final float[] scale;
  private final float[] matrix;
  private final float[] transposed;

  RotationKernel(Parallel parallel, ChannelRotation rotation) {
    this.parallel = parallel;
    this.channels = rotation.channels();
    this.base = rotation.base();
    this.length = rotation.length();
    this.scale = rotation.scale();
    this.matrix = rotation.matrix();
    this.transposed = new float[matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      transposed[i] = matrix[i % base * base + i / base];
    }
  }

  /**
   * A transform of a tile of {@code [channels][LANES]}; returns the array that holds the result.
   */
  private interface Transform {
    float[] apply(float[] tile, float[] spare);
  }

  /**
   * Rotates rows.
   *
   * @param x {@code rows * channels} floats
   * @param y where the result goes; may be {@code x}
   */
  public void apply(int rows, float[] x, float[] y) {
    forTiles(
        rows,
        x,
        y,
        (tile, spare) -> {
          scale(tile, scale);
          walshHadamard(tile);
          return mix(tile, spare, matrix);
        });
  }

  /** Rotates rows back: the gradient of {@link #apply}. */
  public void applyTransposed(int rows, float[] x, float[] y) {
    forTiles(
        rows,
        x,
        y,
        (tile, spare) -> {
          float[] mixed = mix(tile, spare, transposed);
          walshHadamard(mixed);
          scale(mixed, scale);
          return mixed;
        });
  }

  private void forTiles(int rows, float[] x, float[] y, Transform transform) {
    parallel.forRange(
        (rows + LANES - 1) / LANES,
        (part, from, to) -> {
          float[] tile = new float[channels * LANES];
          float[] spare = new float[base > 1 ? tile.length : 0];
          for (int t = from; t < to; t++) {
            int first = t * LANES;
            int count = Math.min(LANES, rows - first);
            for (int r = 0; r < count; r++) {
              for (int c = 0; c < channels; c++) {
                tile[c * LANES + r] = x[(first + r) * channels + c];
              }
            }
            float[] result = transform.apply(tile, spare);
            for (int r = 0; r < count; r++) {
              for (int c = 0; c < channels; c++) {
                y[(first + r) * channels + c] = result[c * LANES + r];
              }
            }
          }
        });
  }

  private static void scale(float[] tile, float[] scale) {
    for (int c = 0; c < scale.length; c++) {
      load(tile, c * LANES).mul(scale[c]).intoArray(tile, c * LANES);
    }
  }

  private void walshHadamard(float[] tile) {
    for (int half = 1; half < length; half *= 2) {
      butterflies(tile, half, channels / 2);
    }
  }

  /** Sums and differences of neighbouring halves of {@code half} channels each. */
  private static void butterflies(float[] tile, int half, int pairs) {
    for (int pair = 0; pair < pairs; pair++) {
      // The bits of the pair from that of the half upwards move up by one.
      int at = (pair + (pair & -half)) * LANES;
      FloatVector a = load(tile, at);
      FloatVector b = load(tile, at + half * LANES);
      a.add(b).intoArray(tile, at);
      a.sub(b).intoArray(tile, at + half * LANES);
    }
  }

  private float[] mix(float[] tile, float[] spare, float[] dense) {
    if (base == 1) {
      return tile;
    }
    int block = length * LANES;
    for (int i = 0; i < base; i++) {
      for (int j = 0; j < block; j += LANES) {
        dot(tile, j, block, dense, i * base, base, spare, i * block + j);
      }
    }
    return spare;
  }

  /** One channel of the product with the dense matrix. */
  private static void dot(
      float[] tile, int j, int block, float[] dense, int row, int base, float[] mixed, int to) {
    FloatVector sum = load(tile, j).mul(dense[row]);
    for (int l = 1; l < base; l++) {
      sum = load(tile, l * block + j).fma(VectorMath.broadcast(dense[row + l]), sum);
    }
    sum.intoArray(mixed, to);
  }
}
