package io.github.ptq4vm.cpu;

/**
 * Rotates pairs of channels by angles that belong to the token.
 *
 * @param cos row-major, of the value's shape
 * @param sin row-major, of the value's shape
 */
record RotatePairsStep(float[] cos, float[] sin, int input, int output) implements RangeStep.Range {

  @Override
  public void run(Memory memory, int from, int to) {
    Matrix x = memory.value(input);
    Matrix y = memory.value(output);
    float[] in = x.data();
    float[] out = y.data();
    for (int t = from; t < to; t++) {
      int xAt = x.at(t);
      int yAt = y.at(t);
      int angle = t * x.columns();
      for (int c = 0; c < x.columns(); c += 2) {
        float even = in[xAt + c];
        float odd = in[xAt + c + 1];
        out[yAt + c] = Math.fma(odd, -sin[angle + c], even * cos[angle + c]);
        out[yAt + c + 1] = Math.fma(even, sin[angle + c + 1], odd * cos[angle + c + 1]);
      }
    }
  }
}
