package io.github.ptq4vm.cpu;

/**
 * Where a value lies: a matrix inside a numbered buffer. Values that are parts of another lie in
 * its buffer.
 *
 * @param buffer number of the buffer
 * @param offset index of the first element in it
 * @param stride distance of rows
 * @param rows number of rows
 * @param columns floats a row
 * @param cycle rows there is memory for, see {@link Matrix}
 */
record Placement(int buffer, int offset, int stride, int rows, int columns, int cycle) {

  /** Some columns of this value. */
  Placement columns(int from, int to) {
    return new Placement(buffer, offset + from, stride, rows, to - from, cycle);
  }

  /** One row of this value. */
  Placement row(int row) {
    return new Placement(buffer, offset + row * stride, stride, 1, columns, 1);
  }

  /** The same value in another buffer. */
  Placement inBuffer(int number) {
    return new Placement(number, offset, stride, rows, columns, cycle);
  }

  Matrix in(float[][] buffers) {
    return new Matrix(buffers[buffer], offset, stride, rows, columns, cycle);
  }
}
