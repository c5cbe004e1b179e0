package io.github.ptq4vm.network;

/** Where the step size and zero point of a row of input codes come from. */
public sealed interface InputScale {

  /**
   * One step and zero point for each token position, the same for all images.
   *
   * @param step {@code [tokens]}, positive
   * @param zeroPoint {@code [tokens]}, each a code
   */
  record Static(float[] step, int[] zeroPoint) implements InputScale {}

  /**
   * Step and zero point of each row from its own smallest and largest value, after rotation and
   * smoothing.
   *
   * @param range share of the range between them that codes cover, positive
   */
  record Dynamic(float range) implements InputScale {
    /** Keeps the reciprocal of the step of a row of zeros finite. */
    private static final float SMALLEST_STEP = 1e-8f;

    /** The step that spreads codes 0 to {@code limit} over a row's range, zero always within. */
    public float step(float smallest, float largest, int limit) {
      float lo = Math.min(0f, smallest) * range;
      float hi = Math.max(0f, largest) * range;
      float inverseLimit = 1f / limit;
      return Math.max((hi - lo) * inverseLimit, SMALLEST_STEP);
    }

    /** The code of zero, for a row's step. */
    public int zeroPoint(float smallest, float step, int limit) {
      float lo = Math.min(0f, smallest) * range;
      return (int) Math.min(limit, Math.rint(-lo * (1f / step)));
    }
  }
}
