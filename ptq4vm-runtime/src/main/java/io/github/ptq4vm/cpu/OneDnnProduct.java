package io.github.ptq4vm.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;

/**
 * Products of rows of codes with the weights of a quantized linear, by oneDNN's {@code
 * gemm_u8s8s32}: bytes in, sums of 32 bits out. Memory outside the heap belongs to the weights and
 * to each {@link Scratch}; it goes with them.
 */
final class OneDnnProduct {
  private static final VectorSpecies<Float> FLOATS = VectorMath.SPECIES;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final int LANES = VectorMath.LANES;

  /** Channels that go together: the four bytes of an int come from four vectors. */
  private static final int BLOCK = 4 * LANES;

  /** Floats that may be read beyond the last row of codes. */
  static final int SPARE = BLOCK;

  /** Most output channels of one call, so that sums are still in the second cache when read. */
  private static final int CHANNELS = 384;

  private static final byte TRANSPOSED = (byte) 'T';
  private static final byte NORMAL = (byte) 'N';
  private static final byte FIXED = (byte) 'F';

  private final int outFeatures;
  private final int padded;

  /** The weights from each {@link #CHANNELS} output channels on. */
  private final BytePointer[] weights;

  private final IntPointer zero = new IntPointer(direct(4).asIntBuffer());

  /**
   * Takes weights over.
   *
   * @param weight row-major {@code [outFeatures, inFeatures]}
   */
  OneDnnProduct(byte[] weight, int outFeatures, int inFeatures) {
    this.outFeatures = outFeatures;
    this.padded = (inFeatures + BLOCK - 1) / BLOCK * BLOCK;
    this.weights = new BytePointer[(outFeatures + CHANNELS - 1) / CHANNELS];
    for (int part = 0; part < weights.length; part++) {
      int first = part * CHANNELS;
      int count = Math.min(CHANNELS, outFeatures - first);
      ByteBuffer bytes = direct(count * padded);
      for (int o = 0; o < count; o++) {
        for (int k = 0; k < inFeatures; k++) {
          int place = k / BLOCK * BLOCK + k % LANES * 4 + k % BLOCK / LANES;
          bytes.put(o * padded + place, weight[(first + o) * inFeatures + k]);
        }
      }
      weights[part] = new BytePointer(bytes);
    }
  }

  /** Memory outside the heap for one thread, which grows to the largest size asked for. */
  private static final class Buffers {
    private IntBuffer codes = direct(4).asIntBuffer();
    private BytePointer codesPointer = new BytePointer(direct(4));
    private IntBuffer sums = codes;
    private IntPointer sumsPointer = new IntPointer(codes);

    void reserve(int codeInts, int sumInts) {
      if (codes.capacity() < codeInts) {
        ByteBuffer bytes = direct(4 * codeInts);
        codes = bytes.asIntBuffer();
        codesPointer = new BytePointer(bytes);
      }
      if (sums.capacity() < sumInts) {
        sums = direct(4 * sumInts).asIntBuffer();
        sumsPointer = new IntPointer(sums);
      }
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /**
   * Computes the sums of some rows, which {@link #sums} then reads from the same scratch memory.
   *
   * @param codes rows of codes 0 to 255, with room behind the last for {@link #SPARE} more
   * @param stride distance of rows
   */
  void multiply(float[] codes, int stride, int rows, Scratch scratch) {
    Buffers buffers = scratch.held(Buffers.class, Buffers::new);
    int ints = padded / 4;
    buffers.reserve(rows * ints, rows * outFeatures);
    int[] packed = scratch.ints(0, rows * ints);
    for (int r = 0; r < rows; r++) {
      pack(codes, r * stride, packed, r * ints, ints);
    }
    buffers.codes.put(0, packed, 0, rows * ints);
    for (int part = 0; part < weights.length; part++) {
      int first = part * CHANNELS;
      int status =
          dnnl.dnnl_gemm_u8s8s32(
              NORMAL,
              TRANSPOSED,
              FIXED,
              rows,
              Math.min(CHANNELS, outFeatures - first),
              padded,
              1f,
              buffers.codesPointer,
              padded,
              (byte) 0,
              weights[part],
              padded,
              (byte) 0,
              0f,
              buffers.sumsPointer.position(first),
              outFeatures,
              zero);
      if (status != dnnl.dnnl_success) {
        throw new IllegalStateException(
            "oneDNN's gemm_u8s8s32 fails with status "
                + status
                + " for "
                + rows
                + " x "
                + padded
                + " x "
                + outFeatures
                + ". Leave the dependency org.bytedeco:dnnl out.");
      }
    }
  }

  /** Reads sums of one row from output channel {@code first} on. */
  void sums(int row, int first, int count, int[] sums, Scratch scratch) {
    scratch.held(Buffers.class, Buffers::new).sums.get(row * outFeatures + first, sums, 0, count);
  }

  /** Codes to bytes, four to an int. What lies beyond the channels meets weights of zero. */
  private static void pack(float[] codes, int at, int[] packed, int to, int count) {
    FloatVector rounder = FloatVector.broadcast(FLOATS, 0x1.8p23f);
    IntVector low = IntVector.broadcast(INTS, 0xff);
    for (int i = 0; i < count; i += LANES) {
      int from = at + 4 * i;
      // The low bits of the rounder's sum are the whole number.
      IntVector b0 = FloatVector.fromArray(FLOATS, codes, from).add(rounder).reinterpretAsInts();
      IntVector b1 =
          FloatVector.fromArray(FLOATS, codes, from + LANES).add(rounder).reinterpretAsInts();
      IntVector b2 =
          FloatVector.fromArray(FLOATS, codes, from + 2 * LANES).add(rounder).reinterpretAsInts();
      IntVector b3 =
          FloatVector.fromArray(FLOATS, codes, from + 3 * LANES).add(rounder).reinterpretAsInts();
      b0.and(low)
          .or(b1.and(low).lanewise(VectorOperators.LSHL, 8))
          .or(b2.and(low).lanewise(VectorOperators.LSHL, 16))
          .or(b3.lanewise(VectorOperators.LSHL, 24))
          .intoArray(packed, to + i);
    }
  }
}
