package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.network.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Tensors of any rank, extents, order of dimensions, padding, offset and precision survive. */
class TorchLayoutProperties {

  @Property(tries = 200)
  void roundTrips(
      @ForAll @IntRange(min = 0, max = 4) int rank,
      @ForAll @IntRange(min = 0, max = 3) int type,
      @ForAll boolean deflated,
      @ForAll Random random)
      throws IOException {
    long[] size = new long[rank];
    long[] stride = new long[rank];
    List<Integer> order = new ArrayList<>();
    for (int d = 0; d < rank; d++) {
      size[d] = 1 + random.nextInt(5);
      order.add(d);
    }
    Collections.shuffle(order, random);
    long step = 1;
    for (int d : order) {
      stride[d] = step;
      step *= size[d] + random.nextInt(2);
    }
    int offset = random.nextInt(7);
    int numel = (int) (offset + step + random.nextInt(3));
    Dtype dtype = List.of(Dtype.F32, Dtype.F16, Dtype.BF16, Dtype.F64).get(type);
    // Small integers are exact in all four precisions.
    float[] stored = new float[numel];
    ByteBuffer bytes = TorchFile.little(numel * dtype.bytes());
    for (int i = 0; i < numel; i++) {
      stored[i] = random.nextInt(17) - 8;
      put(bytes, dtype, stored[i]);
    }

    Path folder = Files.createTempDirectory("layout");
    TorchFile made = new TorchFile().raw('}').text("w");
    made.tensor(storageClass(dtype), "0", numel, offset, size, stride).raw('s');
    made.storage("0", bytes.array());
    Path file = (deflated ? made.deflated() : made).write(folder);
    try (Checkpoint checkpoint = Checkpoints.open(file, "model")) {
      Tensor.Floats tensor = checkpoint.read("w");
      assertThat(tensor.shape()).hasSize(rank);
      assertThat(tensor.data()).isEqualTo(gather(stored, offset, size, stride));
    } finally {
      Files.delete(file);
      Files.delete(folder);
    }
  }

  private static float[] gather(float[] stored, int offset, long[] size, long[] stride) {
    int elements = 1;
    for (long extent : size) {
      elements *= (int) extent;
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      long rest = i;
      long at = offset;
      for (int d = size.length - 1; d >= 0; d--) {
        at += rest % size[d] * stride[d];
        rest /= size[d];
      }
      values[i] = stored[(int) at];
    }
    return values;
  }

  private static String storageClass(Dtype dtype) {
    return switch (dtype) {
      case F16 -> "HalfStorage";
      case BF16 -> "BFloat16Storage";
      case F64 -> "DoubleStorage";
      default -> "FloatStorage";
    };
  }

  private static void put(ByteBuffer bytes, Dtype dtype, float value) {
    switch (dtype) {
      case F16 -> bytes.putShort(smallHalf((int) value));
      case BF16 -> bytes.putShort((short) (Float.floatToIntBits(value) >>> 16));
      case F64 -> bytes.putDouble(value);
      default -> bytes.putFloat(value);
    }
  }

  private static short smallHalf(int value) {
    if (value == 0) {
      return 0;
    }
    int magnitude = Math.abs(value);
    int exponent = 31 - Integer.numberOfLeadingZeros(magnitude);
    int fraction = (magnitude << 10 >> exponent) & 0x3ff;
    return (short) ((value < 0 ? 0x8000 : 0) | exponent + 15 << 10 | fraction);
  }
}
