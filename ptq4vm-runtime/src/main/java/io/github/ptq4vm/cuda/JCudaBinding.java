package io.github.ptq4vm.cuda;

import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;

/**
 * The driver through JCuda's driver API. With {@link JCudaHandles} the only class that touches
 * JCuda, so that a machine without its libraries meets them only behind {@link CudaDrivers}.
 * JCuda's global switch for exceptions is left as it is; an exception of JCuda's own is reported
 * like a code.
 */
final class JCudaBinding implements CudaDriver {
  private static final int LOG_BYTES = 8192;

  private final JCudaHandles handles = new JCudaHandles();
  private final Map<Long, List<Long>> functionsOfModule = new ConcurrentHashMap<>();

  /**
   * Loads the libraries, and does nothing else.
   *
   * @return the class that has loaded them
   */
  static Class<?> loadLibraries() {
    try {
      return MethodHandles.lookup().ensureInitialized(JCudaDriver.class);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("JCuda's class of the driver is not public.", e);
    }
  }

  /** Initialises the driver; loads the libraries if nobody has. */
  JCudaBinding() {
    check("start the driver", "cuInit", () -> JCudaDriver.cuInit(0));
  }

  /** A place in device memory. JCuda adds the offset to an address that it does not show. */
  private static final class Address extends CUdeviceptr {
    Address() {}

    Address(long address) {
      super(new CUdeviceptr(), address);
    }

    long value() {
      return getNativePointer();
    }
  }

  /** A call that returns a driver's code. */
  private interface Call {
    int run();
  }

  private static void check(String action, String function, Call call) {
    check(action, function, call, new JITOptions());
  }

  private static void check(String action, String function, Call call, JITOptions options) {
    int code;
    try {
      code = call.run();
    } catch (jcuda.CudaException e) {
      code = codeOf(e);
    }
    if (code != CUresult.CUDA_SUCCESS) {
      byte[] log = options.getBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER);
      throw new CudaException(action, function, code, CUresult.stringFor(code), text(log));
    }
  }

  /** The host may have told JCuda to throw; the message is then the code's name. */
  private static int codeOf(jcuda.CudaException e) {
    for (int code = 1; code < CUresult.CUDA_ERROR_UNKNOWN; code++) {
      if (CUresult.stringFor(code).equals(e.getMessage())) {
        return code;
      }
    }
    return CUresult.CUDA_ERROR_UNKNOWN;
  }

  private static String text(byte[] zeroTerminated) {
    if (zeroTerminated == null) {
      return "";
    }
    int length = 0;
    while (length < zeroTerminated.length && zeroTerminated[length] != 0) {
      length++;
    }
    return new String(zeroTerminated, 0, length, StandardCharsets.UTF_8);
  }

  @Override
  public int version() {
    int[] version = new int[1];
    check(
        "tell the driver's version",
        "cuDriverGetVersion",
        () -> JCudaDriver.cuDriverGetVersion(version));
    return version[0];
  }

  @Override
  public int deviceCount() {
    int[] count = new int[1];
    check("count devices", "cuDeviceGetCount", () -> JCudaDriver.cuDeviceGetCount(count));
    return count[0];
  }

  private static CUdevice handleOf(int ordinal) {
    CUdevice device = new CUdevice();
    check("find device " + ordinal, "cuDeviceGet", () -> JCudaDriver.cuDeviceGet(device, ordinal));
    return device;
  }

  @Override
  public CudaDevice device(int ordinal) {
    CUdevice device = handleOf(ordinal);
    byte[] name = new byte[256];
    check(
        "name device " + ordinal,
        "cuDeviceGetName",
        () -> JCudaDriver.cuDeviceGetName(name, name.length, device));
    long[] memory = new long[1];
    check(
        "measure the memory of device " + ordinal,
        "cuDeviceTotalMem",
        () -> JCudaDriver.cuDeviceTotalMem(memory, device));
    return new CudaDevice(
        ordinal,
        text(name),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
        memory[0]);
  }

  private static int attribute(CUdevice device, int attribute) {
    int[] value = new int[1];
    check(
        "tell a device's attribute",
        "cuDeviceGetAttribute",
        () -> JCudaDriver.cuDeviceGetAttribute(value, attribute, device));
    return value[0];
  }

  @Override
  public long retainPrimaryContext(int ordinal) {
    CUcontext context = new CUcontext();
    CUdevice device = handleOf(ordinal);
    check(
        "open device " + ordinal,
        "cuDevicePrimaryCtxRetain",
        () -> JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    return handles.add(context);
  }

  @Override
  public void releasePrimaryContext(int ordinal) {
    CUdevice device = handleOf(ordinal);
    check(
        "close device " + ordinal,
        "cuDevicePrimaryCtxRelease",
        () -> JCudaDriver.cuDevicePrimaryCtxRelease(device));
  }

  @Override
  public void pushContext(long context) {
    CUcontext object = handles.get(context, CUcontext.class);
    check("be chosen", "cuCtxPushCurrent", () -> JCudaDriver.cuCtxPushCurrent(object));
  }

  @Override
  public void popContext() {
    check("be left", "cuCtxPopCurrent", () -> JCudaDriver.cuCtxPopCurrent(new CUcontext()));
  }

  @Override
  public long freeMemory() {
    long[] free = new long[1];
    check("measure its memory", "cuMemGetInfo", () -> JCudaDriver.cuMemGetInfo(free, new long[1]));
    return free[0];
  }

  @Override
  public long allocate(long bytes) {
    Address address = new Address();
    check(
        "give " + bytes + " bytes of memory",
        "cuMemAlloc",
        () -> JCudaDriver.cuMemAlloc(address, bytes));
    return address.value();
  }

  @Override
  public void free(long address) {
    check("take memory back", "cuMemFree", () -> JCudaDriver.cuMemFree(new Address(address)));
  }

  @Override
  public long allocatePinned(long bytes) {
    Pointer pointer = new Pointer();
    check(
        "pin " + bytes + " bytes of the host's memory",
        "cuMemHostAlloc",
        () -> JCudaDriver.cuMemHostAlloc(pointer, bytes, 0));
    return handles.add(pointer);
  }

  @Override
  public ByteBuffer pinnedBuffer(long address, int bytes) {
    return handles
        .get(address, Pointer.class)
        .getByteBuffer(0, bytes)
        .order(ByteOrder.nativeOrder());
  }

  @Override
  public void freePinned(long address) {
    Pointer pointer = handles.remove(address, Pointer.class);
    check("take pinned memory back", "cuMemFreeHost", () -> JCudaDriver.cuMemFreeHost(pointer));
  }

  @Override
  public void copyPinnedToDevice(long to, long from, long offset, long bytes, long stream) {
    toDevice(to, handles.get(from, Pointer.class).withByteOffset(offset), bytes, stream);
  }

  @Override
  public void copyDeviceToPinned(long to, long offset, long from, long bytes, long stream) {
    toHost(handles.get(to, Pointer.class).withByteOffset(offset), from, bytes, stream);
  }

  @Override
  public void copyToDevice(long to, ByteBuffer from, long stream) {
    toDevice(to, Pointer.toBuffer(from), from.remaining(), stream);
  }

  @Override
  public void copyToHost(ByteBuffer to, long from, long stream) {
    toHost(Pointer.toBuffer(to), from, to.remaining(), stream);
  }

  private void toDevice(long to, Pointer from, long bytes, long stream) {
    check(
        "copy " + bytes + " bytes to the device",
        "cuMemcpyHtoDAsync",
        () -> JCudaDriver.cuMemcpyHtoDAsync(new Address(to), from, bytes, stream(stream)));
  }

  private void toHost(Pointer to, long from, long bytes, long stream) {
    check(
        "copy " + bytes + " bytes from the device",
        "cuMemcpyDtoHAsync",
        () -> JCudaDriver.cuMemcpyDtoHAsync(to, new Address(from), bytes, stream(stream)));
  }

  @Override
  public void copyOnDevice(long to, long from, long bytes, long stream) {
    check(
        "copy " + bytes + " bytes",
        "cuMemcpyDtoDAsync",
        () ->
            JCudaDriver.cuMemcpyDtoDAsync(
                new Address(to), new Address(from), bytes, stream(stream)));
  }

  @Override
  public void fill(long to, byte value, long bytes, long stream) {
    check(
        "fill " + bytes + " bytes",
        "cuMemsetD8Async",
        () -> JCudaDriver.cuMemsetD8Async(new Address(to), value, bytes, stream(stream)));
  }

  private CUstream stream(long stream) {
    return handles.get(stream, CUstream.class);
  }

  @Override
  public long createStream() {
    CUstream stream = new CUstream();
    check(
        "make a stream",
        "cuStreamCreate",
        () -> JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    return handles.add(stream);
  }

  @Override
  public void synchronizeStream(long stream) {
    check(
        "finish its work",
        "cuStreamSynchronize",
        () -> JCudaDriver.cuStreamSynchronize(stream(stream)));
  }

  @Override
  public void destroyStream(long stream) {
    CUstream object = handles.remove(stream, CUstream.class);
    check("take a stream back", "cuStreamDestroy", () -> JCudaDriver.cuStreamDestroy(object));
  }

  private CUevent event(long event) {
    return handles.get(event, CUevent.class);
  }

  @Override
  public long createEvent() {
    CUevent event = new CUevent();
    check("make an event", "cuEventCreate", () -> JCudaDriver.cuEventCreate(event, 0));
    return handles.add(event);
  }

  @Override
  public void recordEvent(long event, long stream) {
    check(
        "record an event",
        "cuEventRecord",
        () -> JCudaDriver.cuEventRecord(event(event), stream(stream)));
  }

  @Override
  public void synchronizeEvent(long event) {
    check(
        "reach an event", "cuEventSynchronize", () -> JCudaDriver.cuEventSynchronize(event(event)));
  }

  @Override
  public float millisecondsBetween(long first, long last) {
    float[] milliseconds = new float[1];
    check(
        "measure time",
        "cuEventElapsedTime",
        () -> JCudaDriver.cuEventElapsedTime(milliseconds, event(first), event(last)));
    return milliseconds[0];
  }

  @Override
  public void destroyEvent(long event) {
    CUevent object = handles.remove(event, CUevent.class);
    check("take an event back", "cuEventDestroy", () -> JCudaDriver.cuEventDestroy(object));
  }

  @Override
  public long loadModule(ByteBuffer image) {
    CUmodule module = new CUmodule();
    JITOptions options = new JITOptions();
    options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
    options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
    check(
        "load the kernels",
        "cuModuleLoadDataEx",
        () -> JCudaDriver.cuModuleLoadDataJIT(module, Pointer.to(image), options),
        options);
    return handles.add(module);
  }

  @Override
  public long function(long module, String name) {
    CUfunction function = new CUfunction();
    check(
        "find the kernel " + name,
        "cuModuleGetFunction",
        () -> JCudaDriver.cuModuleGetFunction(function, handles.get(module, CUmodule.class), name));
    long handle = handles.add(function);
    functionsOfModule.computeIfAbsent(module, m -> new CopyOnWriteArrayList<>()).add(handle);
    return handle;
  }

  @Override
  public void unloadModule(long module) {
    List<Long> functions = functionsOfModule.remove(module);
    if (functions != null) {
      functions.forEach(function -> handles.remove(function, CUfunction.class));
    }
    CUmodule object = handles.remove(module, CUmodule.class);
    check("unload the kernels", "cuModuleUnload", () -> JCudaDriver.cuModuleUnload(object));
  }

  @Override
  public void allowSharedMemory(long function, int bytes) {
    check(
        "give a kernel " + bytes + " bytes of shared memory",
        "cuFuncSetAttribute",
        () ->
            JCudaDriver.cuFuncSetAttribute(
                handles.get(function, CUfunction.class),
                CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                bytes));
  }

  @Override
  public void launch(long function, LaunchShape shape, ByteBuffer arguments, long stream) {
    Pointer struct = Pointer.to(Pointer.to(arguments));
    check(
        "launch a kernel as " + shape,
        "cuLaunchKernel",
        () ->
            JCudaDriver.cuLaunchKernel(
                handles.get(function, CUfunction.class),
                shape.gridX(),
                shape.gridY(),
                shape.gridZ(),
                shape.threads(),
                1,
                1,
                shape.sharedMemory(),
                stream(stream),
                struct,
                null));
  }

  @Override
  public void beginCapture(long stream) {
    check(
        "record work",
        "cuStreamBeginCapture",
        () ->
            JCudaDriver.cuStreamBeginCapture(
                stream(stream), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  }

  @Override
  public long endCapture(long stream) {
    CUgraph graph = new CUgraph();
    check(
        "record work",
        "cuStreamEndCapture",
        () -> JCudaDriver.cuStreamEndCapture(stream(stream), graph));
    return handles.add(graph);
  }

  @Override
  public long instantiate(long graph) {
    CUgraphExec instance = new CUgraphExec();
    check(
        "prepare recorded work",
        "cuGraphInstantiate",
        () -> JCudaDriver.cuGraphInstantiate(instance, handles.get(graph, CUgraph.class), 0));
    return handles.add(instance);
  }

  @Override
  public void uploadGraph(long instance, long stream) {
    CUgraphExec object = handles.get(instance, CUgraphExec.class);
    check(
        "find room for recorded work",
        "cuGraphUpload",
        () -> JCudaDriver.cuGraphUpload(object, stream(stream)));
  }

  @Override
  public void launchGraph(long instance, long stream) {
    CUgraphExec object = handles.get(instance, CUgraphExec.class);
    check(
        "do recorded work",
        "cuGraphLaunch",
        () -> JCudaDriver.cuGraphLaunch(object, stream(stream)));
  }

  @Override
  public void destroyGraph(long graph) {
    CUgraph object = handles.remove(graph, CUgraph.class);
    check("forget recorded work", "cuGraphDestroy", () -> JCudaDriver.cuGraphDestroy(object));
  }

  @Override
  public void destroyGraphInstance(long instance) {
    CUgraphExec object = handles.remove(instance, CUgraphExec.class);
    check(
        "forget recorded work", "cuGraphExecDestroy", () -> JCudaDriver.cuGraphExecDestroy(object));
  }
}
