package io.github.ptq4vm;

/**
 * A GPU's logits of an image are not finite. It stores what is between two layers in half precision
 * unless {@link RunOptions} ask for single precision, and that ends at 65504; the processor's
 * values, and those of single precision, end at 3e38.
 */
public final class OverflowException extends Ptq4vmException {
  private static final long serialVersionUID = 1L;

  private final int image;
  private final String provider;
  private final boolean singlePrecision;

  /**
   * Creates the exception.
   *
   * @param image number of the image in the call, from 0
   * @param provider what computed it, e.g. {@code NVIDIA H200}
   * @param singlePrecision whether activations were stored in single precision
   */
  public OverflowException(int image, String provider, boolean singlePrecision) {
    super(
        "The logits of image "
            + image
            + " from the GPU "
            + provider
            + " are not finite. "
            + (singlePrecision
                ? "Values inside the network exceeded single precision, or parameters of the model"
                    + " are not finite: compare with the processor, new RunOptions(Device.CPU, 0)."
                : "The likely reason is a value inside the network above 65504, the most that half"
                    + " precision can store. Run the model on the processor, new"
                    + " RunOptions(Device.CPU, 0), or let the GPU store single precision, which"
                    + " takes twice the memory and more time: RunOptions.withSinglePrecision()."));
    this.image = image;
    this.provider = provider;
    this.singlePrecision = singlePrecision;
  }

  /** Number of the image in the call, from 0. */
  public int image() {
    return image;
  }

  /** The same for a call of which this one was a part, whose first image has a number there. */
  OverflowException from(int first) {
    OverflowException whole = new OverflowException(first + image, provider, singlePrecision);
    whole.initCause(this);
    return whole;
  }
}
