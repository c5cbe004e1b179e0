package io.github.ptq4vm.cuda;

import java.util.List;

/**
 * Arguments of the kernel {@code image}: images to rows of three channels.
 *
 * @param pixels address of planes of normalised floats, or of bytes of RGB pixels
 * @param mean of each channel, for bytes; three
 * @param deviation of each channel, for bytes; three
 * @param type of the pixels: {@link StorageType#F32} or {@link StorageType#CODES}
 */
record ImageParams(
    long pixels,
    DeviceValue output,
    List<Float> mean,
    List<Float> deviation,
    StorageType type,
    int pixelsPerImage,
    int images)
    implements KernelStruct {
  static final int SIZE = 72;
  private static final int CHANNELS = 3;

  /** Takes immutable copies. */
  ImageParams {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
    if (mean.size() != CHANNELS || deviation.size() != CHANNELS) {
      throw new IllegalArgumentException("An image has three channels.");
    }
  }

  /** Planes of normalised floats. */
  static ImageParams planes(long pixels, DeviceValue output, int pixelsPerImage, int images) {
    return new ImageParams(
        pixels,
        output,
        List.of(0f, 0f, 0f),
        List.of(1f, 1f, 1f),
        StorageType.F32,
        pixelsPerImage,
        images);
  }

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.pointer(pixels).struct(output);
    mean.forEach(writer::float32);
    deviation.forEach(writer::float32);
    writer.int32(type.ordinal()).int32(pixelsPerImage).int32(images).unused();
  }
}
