package io.github.ptq4vm.cuda;

/**
 * How a row becomes codes, struct {@code InputQuantizer}.
 *
 * @param smoothing address of {@code [channels]} reciprocals
 * @param step address of {@code [tokens]} steps, or 0 where scales are dynamic
 * @param zeroPoint address of {@code [tokens]} bytes, or 0
 * @param rotationScale address of the rotation's diagonal, {@code [channels]}; 0 for no rotation
 * @param rotationMatrix address of its dense matrix, {@code [base, base]}, or 0
 * @param rotationBase side of that matrix
 * @param range share of a row's own range that codes cover, where scales are dynamic
 * @param limit largest code
 */
record InputQuantizer(
    long smoothing,
    long step,
    long zeroPoint,
    long rotationScale,
    long rotationMatrix,
    int rotationBase,
    float range,
    int limit)
    implements KernelStruct {
  static final int SIZE = 56;

  /** No quantizer. */
  static final InputQuantizer NONE = new InputQuantizer(0, 0, 0, 0, 0, 0, 0, 0);

  /** Scales of each token position. */
  static InputQuantizer fixed(long smoothing, long step, long zeroPoint, int limit) {
    return new InputQuantizer(smoothing, step, zeroPoint, 0, 0, 0, 0, limit);
  }

  /** Scales from each row itself. */
  static InputQuantizer dynamic(long smoothing, float range, int limit) {
    return new InputQuantizer(smoothing, 0, 0, 0, 0, 0, range, limit);
  }

  /** The same behind a rotation. */
  InputQuantizer rotated(long scale, long matrix, int base) {
    return new InputQuantizer(smoothing, step, zeroPoint, scale, matrix, base, range, limit);
  }

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.pointer(smoothing).pointer(step).pointer(zeroPoint);
    writer.pointer(rotationScale).pointer(rotationMatrix);
    writer.int32(rotationBase).float32(range).int32(limit).unused();
  }
}
