package io.github.ptq4vm.cpu;

/** Products of rows of codes with the weights of a quantized linear, a tile at a time. */
interface VectorProduct {

  /** Output channels of every tile. */
  int PANEL = VectorTile.PANEL;

  /** Input rows of a tile. */
  int rows();

  /** What is taken off every code before the product: sums are smaller by as often the weights. */
  int offset();

  /** Most input channels whose sums are certain to be exact in floats; at least 1. */
  int range();

  /**
   * Takes codes over into the form that the product wants, perhaps in place.
   *
   * @param codes rows of codes, with room behind the last for {@link VectorInput#SPARE} more
   * @param stride distance of rows, whole vectors
   * @param scratch slot 0 of its ints and shorts is kept for the product until the last {@link
   *     #multiply}
   */
  void load(float[] codes, int stride, int rows, Scratch scratch);

  /**
   * Sums of a tile over some input channels.
   *
   * @param codes as {@link #load} left them
   * @param stride distance of rows
   * @param row the first row
   * @param rows rows there are, 1 to {@link #rows()}
   * @param channel first output channel, a multiple of {@link #PANEL}
   * @param from first input channel
   * @param length number of input channels, at most {@link #range()}
   * @param sums result, {@code [rows()][PANEL]}
   */
  void multiply(
      float[] codes,
      int stride,
      int row,
      int rows,
      int channel,
      int from,
      int length,
      float[] sums,
      Scratch scratch);
}
