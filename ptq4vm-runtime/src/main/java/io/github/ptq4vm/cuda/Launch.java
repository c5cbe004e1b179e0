package io.github.ptq4vm.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One launch of a kernel.
 *
 * @param geometry kernel, blocks, threads and shared memory
 * @param params the kernel's struct, with addresses of {@link Addresses} or real ones
 * @param pointers offsets of the addresses in it
 */
record Launch(KernelGeometry geometry, byte[] params, int[] pointers) {

  /** A launch with a struct of arguments. */
  static Launch of(KernelGeometry geometry, KernelStruct params) {
    StructWriter writer = new StructWriter(params.size());
    params.write(writer);
    return new Launch(geometry, writer.bytes(), writer.pointers());
  }

  /** How many blocks and threads. */
  LaunchShape shape() {
    return new LaunchShape(
        geometry.gridX(),
        geometry.gridY(),
        geometry.gridZ(),
        geometry.block(),
        geometry.sharedBytes());
  }

  /** The same launch with real addresses. */
  Launch bind(long constants, long workspace) {
    byte[] bound = params.clone();
    ByteBuffer buffer = ByteBuffer.wrap(bound).order(ByteOrder.LITTLE_ENDIAN);
    for (int at : pointers) {
      buffer.putLong(at, Addresses.bind(buffer.getLong(at), constants, workspace));
    }
    return new Launch(geometry, bound, pointers);
  }
}
