package io.github.ptq4vm.cpu;

/**
 * Rows of floats inside an array: row r is {@code data[offset + r * stride]} and the {@code columns
 * - 1} floats after it. A stride larger than the columns makes it a view of some columns of a wider
 * matrix.
 *
 * <p>A matrix whose rows are only ever needed a few at a time may have memory for these alone: then
 * row {@code r + cycle} lies where row r does.
 *
 * @param data shared, not copied
 * @param offset index of the first element
 * @param stride distance of rows in floats
 * @param rows number of rows (tokens)
 * @param columns floats a row (channels)
 * @param cycle rows there is memory for, from a multiple of which on rows follow each other
 */
public record Matrix(float[] data, int offset, int stride, int rows, int columns, int cycle) {

  /** Checks that every element lies inside the array. */
  public Matrix {
    if (offset < 0
        || rows <= 0
        || columns <= 0
        || cycle <= 0
        || stride < columns
        || offset + (Math.min(rows, cycle) - 1L) * stride + columns > data.length) {
      throw new IllegalArgumentException(
          "A matrix of "
              + rows
              + " x "
              + columns
              + " with stride "
              + stride
              + " at "
              + offset
              + " does not fit an array of "
              + data.length
              + " floats.");
    }
  }

  /** A matrix with memory for all its rows. */
  public Matrix(float[] data, int offset, int stride, int rows, int columns) {
    this(data, offset, stride, rows, columns, rows);
  }

  /** A matrix that fills an array from its start, row after row. */
  public static Matrix of(float[] data, int rows, int columns) {
    return new Matrix(data, 0, columns, rows, columns);
  }

  /** Index of the first element of a row. */
  public int at(int row) {
    return offset + (row < cycle ? row : row % cycle) * stride;
  }

  /** Whether rows follow each other without a gap. */
  public boolean isDense() {
    return stride == columns;
  }

  /** A copy of the elements, row after row. */
  public float[] copy() {
    float[] copy = new float[rows * columns];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(data, at(r), copy, r * columns, columns);
    }
    return copy;
  }
}
