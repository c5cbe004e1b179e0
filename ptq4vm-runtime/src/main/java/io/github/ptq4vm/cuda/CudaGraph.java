package io.github.ptq4vm.cuda;

/** Recorded work, ready to be done again. For one thread at a time. */
final class CudaGraph extends CudaResource {

  CudaGraph(CudaContext context, long handle) {
    super(context, "This graph", handle);
  }

  @Override
  void release(CudaDriver driver, long handle) {
    driver.destroyGraphInstance(handle);
  }
}
