package io.github.ptq4vm.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One launch of a kernel.
 *
 * @param kernel its name
 * @param gridX blocks
 * @param gridY blocks
 * @param gridZ blocks
 * @param block threads a block
 * @param sharedBytes dynamic shared memory a block
 * @param params the kernel's struct, with addresses of {@link Addresses} or real ones
 * @param pointers offsets of the addresses in it
 */
record Launch(
    String kernel,
    int gridX,
    int gridY,
    int gridZ,
    int block,
    int sharedBytes,
    byte[] params,
    int[] pointers) {

  /** A launch with a struct of arguments. */
  static Launch of(KernelGeometry geometry, KernelStruct params) {
    StructWriter writer = new StructWriter(params.size());
    params.write(writer);
    return new Launch(
        geometry.kernel(),
        geometry.gridX(),
        geometry.gridY(),
        geometry.gridZ(),
        geometry.block(),
        geometry.sharedBytes(),
        writer.bytes(),
        writer.pointers());
  }

  /** The same launch with real addresses. */
  Launch bind(long constants, long workspace) {
    byte[] bound = params.clone();
    ByteBuffer buffer = ByteBuffer.wrap(bound).order(ByteOrder.LITTLE_ENDIAN);
    for (int at : pointers) {
      buffer.putLong(at, Addresses.bind(buffer.getLong(at), constants, workspace));
    }
    return new Launch(kernel, gridX, gridY, gridZ, block, sharedBytes, bound, pointers);
  }
}
