package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The kernels, loaded into a context. */
final class CudaModule extends CudaResource {
  private static final System.Logger LOG = System.getLogger(CudaModule.class.getName());

  /** What a driver says about a binary that it does not know how to run, other than "broken". */
  private static final Set<Integer> REFUSALS =
      Set.of(
          CudaException.INVALID_IMAGE,
          CudaException.NO_BINARY_FOR_GPU,
          CudaException.INVALID_PTX,
          CudaException.UNSUPPORTED_PTX_VERSION,
          CudaException.INVALID_SOURCE,
          CudaException.NOT_SUPPORTED);

  private final Map<String, CudaFunction> functions = new ConcurrentHashMap<>();

  private CudaModule(CudaContext context, long handle) {
    super(context, "This module", handle);
  }

  /**
   * Loads the kernels this runtime comes with: machine code if the driver takes it, otherwise PTX,
   * which the driver compiles once and keeps in its cache.
   *
   * @throws GpuUnavailableException if the driver takes neither
   */
  static CudaModule load(CudaContext context) {
    try {
      return load(context, KernelBinaries.fatBinary());
    } catch (CudaException e) {
      if (!REFUSALS.contains(e.code())) {
        throw e;
      }
      LOG.log(
          Level.INFO,
          "The driver of "
              + context.device()
              + " does not take the compiled kernels and compiles them itself. "
              + e.getMessage());
      return loadPtx(context, e);
    }
  }

  private static CudaModule loadPtx(CudaContext context, CudaException refusal) {
    try {
      return load(context, KernelBinaries.ptx());
    } catch (CudaException e) {
      e.addSuppressed(refusal);
      throw new GpuUnavailableException(
          "The driver of the GPU "
              + context.device()
              + " takes neither the compiled kernels nor their PTX. "
              + e.getMessage()
              + " Update the driver.",
          e);
    }
  }

  /** Loads kernels from a fat binary or PTX. */
  static CudaModule load(CudaContext context, ByteBuffer image) {
    return new CudaModule(context, context.call(d -> d.loadModule(image)));
  }

  /** A kernel by its name. */
  CudaFunction function(String name) {
    long module = handle();
    return functions.computeIfAbsent(
        name, n -> new CudaFunction(this, n, context().call(d -> d.function(module, n))));
  }

  @Override
  void release(CudaDriver driver, long handle) {
    driver.unloadModule(handle);
  }
}
