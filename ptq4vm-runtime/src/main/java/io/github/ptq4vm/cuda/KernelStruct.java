package io.github.ptq4vm.cuda;

/** The Java side of a struct of {@code params.cuh}. */
interface KernelStruct {

  /** Constants of {@code params.cuh}: inputs one launch merges, problems one launch solves. */
  int MAX_INPUTS = 4;

  int MAX_PROBLEMS = 4;

  /** Size of the struct in bytes. */
  int size();

  /** Writes all fields in order. */
  void write(StructWriter writer);

  /** The struct as a kernel reads it. */
  default byte[] toBytes() {
    StructWriter writer = new StructWriter(size());
    write(writer);
    return writer.bytes();
  }

  /** The smallest multiple of a number that is no less than a value. */
  static int roundUp(int value, int multiple) {
    return Math.multiplyExact(Math.floorDiv(value + multiple - 1, multiple), multiple);
  }
}
