package io.github.ptq4vm.compiler.tensor;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Dense products on PyTorch. Operands go through direct buffers that PyTorch reads in place, so a
 * product costs one copy of each operand and of the result.
 */
public final class Torch implements AutoCloseable {
  private final NDManager manager;
  private ByteBuffer left = direct(0);
  private ByteBuffer right = direct(0);

  /** Starts the engine; fails where PyTorch's native library cannot be loaded. */
  public Torch() {
    this.manager = Engine.getEngine("PyTorch").newBaseManager();
  }

  /** Version of PyTorch. */
  public String version() {
    return Engine.getEngine("PyTorch").getVersion();
  }

  /**
   * A matrix operand.
   *
   * @param data row-major
   * @param transposed whether the product takes its transpose
   */
  public record Matrix(float[] data, int rows, int columns, boolean transposed) {
    /** A matrix as it is. */
    public static Matrix of(float[] data, int rows, int columns) {
      return new Matrix(data, rows, columns, false);
    }

    /** The transpose of a matrix of {@code rows} by {@code columns}. */
    public static Matrix transposed(float[] data, int rows, int columns) {
      return new Matrix(data, rows, columns, true);
    }
  }

  /** Writes the product of {@code a} and {@code b} to {@code out}, row-major. */
  public void multiply(Matrix a, Matrix b, float[] out) {
    left = fill(left, a);
    right = fill(right, b);
    try (NDManager scope = manager.newSubManager()) {
      NDArray product = array(scope, left, a).matMul(array(scope, right, b));
      // The result is read where PyTorch wrote it.
      product
          .toByteBuffer(true)
          .order(ByteOrder.nativeOrder())
          .asFloatBuffer()
          .get(out, 0, Math.toIntExact(product.size()));
    }
  }

  private static NDArray array(NDManager scope, ByteBuffer buffer, Matrix m) {
    NDArray array = scope.create(buffer, new Shape(m.rows(), m.columns()), DataType.FLOAT32);
    return m.transposed() ? array.transpose() : array;
  }

  private static ByteBuffer fill(ByteBuffer buffer, Matrix m) {
    int size = m.rows() * m.columns();
    long bytes = 4L * size;
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "A matrix of " + m.rows() + " x " + m.columns() + " floats exceeds a buffer.");
    }
    ByteBuffer target = buffer.capacity() >= bytes ? buffer : direct((int) bytes);
    target.clear().limit((int) bytes);
    target.asFloatBuffer().put(m.data(), 0, size);
    return target;
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  @Override
  public void close() {
    manager.close();
  }
}
