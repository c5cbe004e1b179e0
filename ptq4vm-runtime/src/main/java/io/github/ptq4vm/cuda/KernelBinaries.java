package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** The compiled kernels that this runtime comes with. */
final class KernelBinaries {

  private KernelBinaries() {}

  /** Machine code for the architectures of {@code kernels.json}, in a direct buffer. */
  static ByteBuffer fatBinary() {
    return direct(read("kernels.fatbin"), 0);
  }

  /** PTX for sm_80 and newer, followed by a zero byte, in a direct buffer. */
  static ByteBuffer ptx() {
    return direct(read("kernels.ptx"), 1);
  }

  private static ByteBuffer direct(byte[] content, int zeros) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(content.length + zeros);
    return buffer.put(content).rewind();
  }

  /**
   * A file beside this class.
   *
   * @throws GpuUnavailableException if it is not there
   */
  static byte[] read(String name) {
    try (InputStream in = KernelBinaries.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new GpuUnavailableException(
            "No GPU can be used, because the runtime lacks its file "
                + name
                + ". It is part of ptq4vm-runtime's jar: check what repackaged it.");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new GpuUnavailableException(
          "No GPU can be used, because the runtime's file "
              + name
              + " cannot be read: "
              + e.getMessage()
              + ". Check ptq4vm-runtime's jar.",
          e);
    }
  }
}
