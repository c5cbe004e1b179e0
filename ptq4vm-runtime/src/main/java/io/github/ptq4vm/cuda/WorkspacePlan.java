package io.github.ptq4vm.cuda;

/**
 * Where stored values lie in the workspace of a batch.
 *
 * @param addresses of stored values, by number
 * @param bytes of the workspace
 */
record WorkspacePlan(long[] addresses, long bytes) {

  /** Address of a stored value. */
  long address(int store) {
    return addresses[store];
  }
}
