package io.github.ptq4vm.cuda;

/**
 * One direction of a selective scan, struct {@code ScanProblem}.
 *
 * @param uMap address of the row of u for each sequence index, -1 for zeros; 0 for the index itself
 * @param dt low-rank step sizes where dt_proj is computed here, else all channels; rows in sequence
 *     order, as those of b and c
 * @param quantizer of dt_proj
 * @param weight address of dt_proj's codes, {@code [channels, padded rank]} bytes, or 0
 * @param weightStep address of {@code [channels]} floats, or 0
 * @param rowSum address of {@code [channels]} integers, or 0
 * @param bias address of {@code [channels]} floats, or 0
 * @param a address of {@code -exp(aLog)}, {@code [channels, states]} floats
 * @param skip address of {@code [channels]} floats
 * @param yMap address of the row of y for each sequence index, -1 dropped; 0 for the index itself
 */
record ScanProblem(
    DeviceValue u,
    long uMap,
    DeviceValue dt,
    DeviceValue b,
    DeviceValue c,
    InputQuantizer quantizer,
    long weight,
    long weightStep,
    long rowSum,
    long bias,
    long a,
    long skip,
    DeviceValue y,
    long yMap)
    implements KernelStruct {
  static final int SIZE = 240;

  /** No problem. */
  static final ScanProblem NONE =
      of(
          DeviceValue.NONE,
          DeviceValue.NONE,
          DeviceValue.NONE,
          DeviceValue.NONE,
          0,
          0,
          DeviceValue.NONE);

  /** A scan without maps over step sizes that are there. */
  static ScanProblem of(
      DeviceValue u,
      DeviceValue dt,
      DeviceValue b,
      DeviceValue c,
      long a,
      long skip,
      DeviceValue y) {
    return new ScanProblem(u, 0, dt, b, c, InputQuantizer.NONE, 0, 0, 0, 0, a, skip, y, 0);
  }

  /** The same with maps. */
  ScanProblem mapped(long uMap, long yMap) {
    return new ScanProblem(
        u, uMap, dt, b, c, quantizer, weight, weightStep, rowSum, bias, a, skip, y, yMap);
  }

  /** The same with dt_proj computed on the way. */
  ScanProblem projected(
      InputQuantizer quantizer, long weight, long weightStep, long rowSum, long bias) {
    return new ScanProblem(
        u, uMap, dt, b, c, quantizer, weight, weightStep, rowSum, bias, a, skip, y, yMap);
  }

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.struct(u).pointer(uMap).struct(dt).struct(b).struct(c).struct(quantizer);
    writer.pointer(weight).pointer(weightStep).pointer(rowSum).pointer(bias);
    writer.pointer(a).pointer(skip).struct(y).pointer(yMap);
  }
}
