package io.github.ptq4vm.cuda;

/** A moment in the work of a stream, for measuring. */
final class CudaEvent extends CudaResource {

  CudaEvent(CudaContext context, long handle) {
    super(context, "This event", handle);
  }

  /** Waits for this event and returns the milliseconds since another one. */
  float millisecondsSince(CudaEvent first) {
    return context()
        .call(
            d -> {
              d.synchronizeEvent(handle());
              return d.millisecondsBetween(first.handle(), handle());
            });
  }

  @Override
  void release(CudaDriver driver, long handle) {
    driver.destroyEvent(handle);
  }
}
