package io.github.ptq4vm.cuda;

/**
 * Addresses of a plan, which is made before there is memory: the number of an arena in the high
 * bits, the offset in it in the low ones. A {@link Launch} is moved to real memory by {@link
 * Launch#bind}.
 */
final class Addresses {
  /** Weights, tables and maps: one arena a model and device. */
  static final int CONSTANTS = 1;

  /** Everything that depends on images: one arena a session. */
  static final int WORKSPACE = 2;

  /** What starts in an arena starts at a multiple of this. */
  static final int ALIGNMENT = 256;

  private static final int SHIFT = 48;

  private Addresses() {}

  /** The address of an offset in an arena. */
  static long of(int arena, long offset) {
    if (offset < 0 || offset >>> SHIFT != 0) {
      throw new IllegalArgumentException("An offset of " + offset + " is not possible.");
    }
    return ((long) arena << SHIFT) + offset;
  }

  /** The offset of an address in its arena. */
  static long offset(long address) {
    return address & ((1L << SHIFT) - 1);
  }

  /**
   * The real address.
   *
   * @param constants where the constants lie
   * @param workspace where the workspace lies
   */
  static long bind(long address, long constants, long workspace) {
    if (address == 0) {
      return 0;
    }
    return offset(address)
        + switch ((int) (address >>> SHIFT)) {
          case CONSTANTS -> constants;
          case WORKSPACE -> workspace;
          default -> throw new IllegalStateException("No arena has the address " + address + ".");
        };
  }

  /** The next offset at which something may start. */
  static long align(long offset) {
    return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
