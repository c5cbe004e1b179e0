package io.github.ptq4vm.cuda;

import java.nio.ByteBuffer;

/**
 * The functions of the CUDA driver that the executor needs, with plain numbers as handles and
 * addresses, so that another binding can take the place of JCuda. Where not said otherwise a
 * context must be current in the calling thread. Every method throws {@link CudaException} when the
 * driver reports an error.
 */
interface CudaDriver {

  /** The driver's version as 1000 x major + 10 x minor of CUDA; needs no context. */
  int version();

  /** How many devices there are; needs no context. */
  int deviceCount();

  /** What a device is; needs no context. */
  CudaDevice device(int ordinal);

  /** The context that all users of a device in this process share; needs no context. */
  long retainPrimaryContext(int ordinal);

  /** Gives a retained context back; needs no context. */
  void releasePrimaryContext(int ordinal);

  /** Makes a context the current one of this thread. */
  void pushContext(long context);

  /** Makes the context before current again. */
  void popContext();

  /** Free bytes of device memory. */
  long freeMemory();

  /** New device memory, uninitialised, at an address that is a multiple of 256. */
  long allocate(long bytes);

  /** Gives device memory back after all work on the device is done. */
  void free(long address);

  /** New memory of the host that the device can copy from and to while the host does other work. */
  long allocatePinned(long bytes);

  /** Pinned memory as a direct buffer in native byte order. */
  ByteBuffer pinnedBuffer(long address, int bytes);

  /** Gives pinned memory back. */
  void freePinned(long address);

  /** Copies pinned memory to the device, in the stream's order. */
  void copyPinnedToDevice(long to, long from, long offset, long bytes, long stream);

  /** Copies device memory to pinned memory, in the stream's order. */
  void copyDeviceToPinned(long to, long offset, long from, long bytes, long stream);

  /** Copies the remaining bytes of a direct buffer, which may be changed after the call. */
  void copyToDevice(long to, ByteBuffer from, long stream);

  /** Fills the remaining bytes of a direct buffer; they are there when the stream is done. */
  void copyToHost(ByteBuffer to, long from, long stream);

  /** Copies within device memory, in the stream's order. */
  void copyOnDevice(long to, long from, long bytes, long stream);

  /** Sets bytes of device memory, in the stream's order. */
  void fill(long to, byte value, long bytes, long stream);

  /** A new stream that does not wait for the null stream. */
  long createStream();

  /** Waits for all work of a stream. */
  void synchronizeStream(long stream);

  /** Gives a stream back. */
  void destroyStream(long stream);

  /** A new event. */
  long createEvent();

  /** Records an event when the work before it in the stream is done. */
  void recordEvent(long event, long stream);

  /** Waits for a recorded event. */
  void synchronizeEvent(long event);

  /** Milliseconds between two recorded events. */
  float millisecondsBetween(long first, long last);

  /** Gives an event back. */
  void destroyEvent(long event);

  /** Loads a fat binary, or text of PTX that ends with a zero byte, from a direct buffer. */
  long loadModule(ByteBuffer image);

  /** A kernel of a module. */
  long function(long module, String name);

  /** Unloads a module. */
  void unloadModule(long module);

  /** Permits launches of a kernel with so many bytes of shared memory. */
  void allowSharedMemory(long function, int bytes);

  /**
   * Launches a kernel with one struct as its argument.
   *
   * @param arguments the struct in a direct buffer, from its first byte on
   */
  void launch(long function, LaunchShape shape, ByteBuffer arguments, long stream);

  /** Records work given to a stream by this thread, instead of doing it. */
  void beginCapture(long stream);

  /** Ends the recording: a graph. */
  long endCapture(long stream);

  /** Makes a graph executable. */
  long instantiate(long graph);

  /** Gives an executable graph the device memory that it needs, as work of a stream. */
  void uploadGraph(long instance, long stream);

  /** Does the work of a graph. */
  void launchGraph(long instance, long stream);

  /** Gives a graph back. */
  void destroyGraph(long graph);

  /** Gives an executable graph back. */
  void destroyGraphInstance(long instance);
}
