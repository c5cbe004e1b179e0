package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Lays arrays into device memory, each in memory of its own, runs single kernels on them and reads
 * results back. What lies between the rows of a value is checked to stay as it was.
 */
final class KernelBench implements AutoCloseable {
  private static final byte UNTOUCHED = 0x5b;

  private final CudaContext context = CudaContext.open(CudaDrivers.get(), 0);
  private final CudaStream stream = context.createStream();
  private final CudaModule module;
  private final Map<Long, DeviceMemory> memories = new HashMap<>();

  KernelBench() {
    // The emulated driver has its kernels built in, whatever module it loads.
    boolean real = "real".equals(System.getenv("PTQ4VM_GPU"));
    this.module =
        real
            ? CudaModule.load(context)
            : CudaModule.load(
                context, ByteBuffer.allocateDirect(64).put(".version 7.0".getBytes()));
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private long upload(ByteBuffer content) {
    DeviceMemory memory = context.allocate(content.capacity());
    stream.upload(memory, 0, content.clear());
    memories.put(memory.address(), memory);
    return memory.address();
  }

  /** Address of floats. */
  long floats(float... values) {
    ByteBuffer content = buffer(4 * values.length);
    for (float value : values) {
      content.putFloat(value);
    }
    return upload(content);
  }

  /** Address of integers. */
  long ints(int... values) {
    ByteBuffer content = buffer(4 * values.length);
    for (int value : values) {
      content.putInt(value);
    }
    return upload(content);
  }

  /** Address of bytes. */
  long bytes(byte... values) {
    return upload(buffer(values.length).put(values));
  }

  /** Address of halves nearest to values. */
  long halves(float... values) {
    ByteBuffer content = buffer(2 * values.length);
    for (float value : values) {
      content.putShort(Half.of(value));
    }
    return upload(content);
  }

  /**
   * A value of several images.
   *
   * @param data row-major {@code [images * rows, channels]}
   */
  DeviceValue value(float[] data, StorageType type, int rows, int channels, int stride) {
    int all = data.length / channels;
    ByteBuffer content = untouched(all * stride * type.bytes());
    for (int r = 0; r < all; r++) {
      for (int c = 0; c < channels; c++) {
        int at = (r * stride + c) * type.bytes();
        float x = data[r * channels + c];
        if (type == StorageType.F16) {
          content.putShort(at, Half.of(x));
        } else {
          content.putFloat(at, x);
        }
      }
    }
    return new DeviceValue(upload(content), type, stride, rows);
  }

  /** A value that a kernel is to write. */
  DeviceValue result(StorageType type, int images, int rows, int stride) {
    return new DeviceValue(
        upload(untouched(images * rows * stride * type.bytes())), type, stride, rows);
  }

  private static ByteBuffer untouched(int bytes) {
    byte[] filler = new byte[bytes];
    Arrays.fill(filler, UNTOUCHED);
    return buffer(bytes).put(filler);
  }

  /** Runs a kernel. */
  void run(KernelGeometry geometry, KernelStruct params) {
    stream.launch(
        module.function(geometry.kernel()),
        new LaunchShape(
            geometry.gridX(),
            geometry.gridY(),
            geometry.gridZ(),
            geometry.block(),
            geometry.sharedBytes()),
        params.toBytes());
    stream.synchronize();
  }

  /** What a row holds that nothing was written to. */
  static float untouched(StorageType type) {
    return type == StorageType.F16 ? Half.value((short) 0x5b5b) : Float.intBitsToFloat(0x5b5b5b5b);
  }

  /** All rows of a value, row-major {@code [images * rows, channels]}. */
  float[] read(DeviceValue value, int images, int channels) {
    int size = value.type().bytes();
    int all = images * value.rows();
    ByteBuffer content = buffer(all * value.stride() * size);
    stream.download(content, memories.get(value.data()), 0);
    float[] data = new float[all * channels];
    for (int r = 0; r < all; r++) {
      for (int c = 0; c < value.stride(); c++) {
        int at = (r * value.stride() + c) * size;
        float x = size == 2 ? Half.value(content.getShort(at)) : content.getFloat(at);
        if (c < channels) {
          data[r * channels + c] = x;
        } else {
          assertThat(x).as("row %d, beyond the channels", r).isEqualTo(untouched(value.type()));
        }
      }
    }
    return data;
  }

  @Override
  public void close() {
    context.close();
  }
}
