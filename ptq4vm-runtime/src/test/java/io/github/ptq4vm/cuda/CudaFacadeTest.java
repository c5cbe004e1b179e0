package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.GpuUnavailableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The driver facade on an emulated driver: memory, streams, kernels, graphs, and every complaint.
 */
@EmulatedGpu(only = true)
class CudaFacadeTest {
  private static final int COUNT = 1000;
  private static final LaunchShape SHAPE = new LaunchShape(16, 1, 1, 64, 256);

  private final CudaDriver driver = CudaDrivers.get();

  @BeforeEach
  @AfterEach
  void usualSettings() {
    Emulation.reset();
  }

  @AfterEach
  void everythingWasGivenBack() {
    assertThat(Emulation.alive()).isZero();
  }

  private static byte[] scale(DeviceMemory input, DeviceMemory output, float factor) {
    return new StructWriter(24)
        .pointer(input.address())
        .pointer(output.address())
        .float32(factor)
        .int32(COUNT)
        .bytes();
  }

  private static ByteBuffer floats(long seed) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * COUNT).order(ByteOrder.LITTLE_ENDIAN);
    Random random = new Random(seed);
    for (int i = 0; i < COUNT; i++) {
      buffer.putFloat(random.nextFloat());
    }
    return buffer.flip();
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static CudaModule module(CudaContext context) {
    return CudaModule.load(context, ByteBuffer.allocateDirect(64).put(".version 7.0".getBytes()));
  }

  private static void expectScaled(ByteBuffer found, ByteBuffer input, float factor) {
    for (int i = 0; i < COUNT; i++) {
      assertThat(found.getFloat(4 * i)).isEqualTo(factor * input.getFloat(4 * i));
    }
  }

  @Test
  void describesTheDevice() {
    Emulation.set("CAPABILITY", "9.0");
    try (CudaContext context = CudaContext.open(driver, 0)) {
      CudaDevice device = context.device();
      assertThat(device.toString()).isEqualTo("Emulated GPU (device 0, sm_90)");
      assertThat(device.sharedMemory()).isEqualTo(227 << 10);
      assertThat(device.multipliesFourBits()).isFalse();
      assertThat(context.freeMemory()).isEqualTo(device.memory()).isEqualTo(8L << 30);
    }
  }

  @Test
  void copiesAnyBufferThereAndBack() {
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaStream stream = context.createStream();
        DeviceMemory memory = context.allocate(3 << 20)) {
      byte[] bytes = new byte[(2 << 20) + 123];
      new Random(7).nextBytes(bytes);
      ByteBuffer heap = ByteBuffer.wrap(bytes).position(100);
      stream.upload(memory, 17, heap);
      ByteBuffer back = direct(bytes.length - 100);
      stream.download(back, memory, 17);
      assertThat(back).isEqualTo(heap);
      assertThat(heap.position()).isEqualTo(100);

      ByteBuffer direct = direct(1000).put(bytes, 0, 1000).position(500);
      stream.upload(memory, 0, direct);
      ByteBuffer half = direct(600).position(100);
      stream.download(half, memory, 0);
      assertThat(half).isEqualTo(direct);
      assertThat(memory.address() % 256).isZero();
    }
  }

  @Test
  void copiesPinnedMemoryInTheStreamsOrder() {
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaStream stream = context.createStream();
        DeviceMemory first = context.allocate(256);
        DeviceMemory second = context.allocate(256);
        PinnedMemory in = context.allocatePinned(256);
        PinnedMemory out = context.allocatePinned(256)) {
      in.buffer().put(5, (byte) 42);
      stream.fill(first, 0, 256, (byte) 9);
      stream.copyToDevice(first, 100, in, 5, 1);
      stream.copy(second, 0, first, 0, 256);
      stream.copyToHost(out, 1, second, 99, 3);
      stream.synchronize();
      assertThat(out.buffer().get(1)).isEqualTo((byte) 9);
      assertThat(out.buffer().get(2)).isEqualTo((byte) 42);
      assertThat(out.buffer().get(3)).isEqualTo((byte) 9);
      assertThat(out.buffer().order()).isEqualTo(ByteOrder.nativeOrder());
    }
  }

  @Test
  void launchesKernels() {
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaStream stream = context.createStream();
        CudaModule module = module(context);
        DeviceMemory input = context.allocate(4 * COUNT);
        DeviceMemory output = context.allocate(4 * COUNT)) {
      ByteBuffer values = floats(1);
      stream.upload(input, 0, values);
      stream.launch(module.function("test_scale"), SHAPE, scale(input, output, 3));
      ByteBuffer found = direct(4 * COUNT);
      stream.download(found, output, 0);
      expectScaled(found, values, 3);
      assertThat(module.function("test_scale")).isSameAs(module.function("test_scale"));
    }
  }

  @Test
  void replaysRecordedWork() {
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaStream stream = context.createStream();
        CudaModule module = module(context);
        DeviceMemory input = context.allocate(4 * COUNT);
        DeviceMemory output = context.allocate(4 * COUNT);
        PinnedMemory in = context.allocatePinned(4 * COUNT);
        PinnedMemory out = context.allocatePinned(4 * COUNT)) {
      CudaFunction function = module.function("test_scale");
      int before = Emulation.count(Emulation.Count.LAUNCHES);
      try (CudaGraph graph =
          stream.capture(
              () -> {
                stream.copyToDevice(input, 0, in, 0, 4 * COUNT);
                stream.launch(function, SHAPE, scale(input, output, 2));
                stream.launch(function, SHAPE, scale(output, output, 2));
                stream.copyToHost(out, 0, output, 0, 4 * COUNT);
              })) {
        for (int run = 0; run < 3; run++) {
          ByteBuffer values = floats(run);
          in.buffer().put(values.duplicate());
          stream.launch(graph);
          stream.synchronize();
          expectScaled(out.buffer().order(ByteOrder.LITTLE_ENDIAN), values, 4);
        }
      }
      assertThat(Emulation.count(Emulation.Count.LAUNCHES) - before).isEqualTo(2 + 3);
    }
  }

  @Test
  void aRecordingThatFailsLeavesTheStreamUsable() {
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaStream stream = context.createStream()) {
      assertThatThrownBy(
              () ->
                  stream.capture(
                      () -> {
                        throw new IllegalArgumentException("on purpose");
                      }))
          .hasMessage("on purpose");
      stream.synchronize();
      assertThatThrownBy(() -> stream.capture(stream::synchronize))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED (900)");
      stream.synchronize();
    }
  }

  @Test
  void measuresTime() {
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaStream stream = context.createStream();
        DeviceMemory memory = context.allocate(1 << 20);
        CudaEvent first = context.createEvent();
        CudaEvent last = context.createEvent()) {
      stream.record(first);
      stream.fill(memory, 0, 1 << 20, (byte) 0);
      stream.record(last);
      assertThat(last.millisecondsSince(first)).isPositive().isLessThan(1000f);
    }
  }

  @Test
  void whatIsClosedCannotBeUsed() {
    try (CudaContext context = CudaContext.open(driver, 0)) {
      CudaStream stream = context.createStream();
      DeviceMemory memory = context.allocate(64);
      PinnedMemory pinned = context.allocatePinned(64);
      CudaModule module = module(context);
      CudaFunction function = module.function("test_scale");
      memory.close();
      memory.close();
      pinned.close();
      module.close();
      assertThatThrownBy(memory::address)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("This device memory is closed and cannot be used any more.");
      assertThatThrownBy(pinned::buffer).hasMessageContaining("pinned memory is closed");
      assertThatThrownBy(() -> module.function("test_scale")).hasMessageContaining("is closed");
      assertThatThrownBy(() -> stream.launch(function, SHAPE, new byte[24]))
          .hasMessageContaining("This module is closed");
      stream.close();
      assertThatThrownBy(stream::synchronize).hasMessageContaining("This stream is closed");
    }
  }

  @Test
  void aContextClosesWhatWasMadeThroughIt() {
    CudaContext context = CudaContext.open(driver, 0);
    CudaStream stream = context.createStream();
    context.allocate(64);
    context.allocatePinned(64);
    context.createEvent();
    module(context).function("test_scale");
    stream.capture(() -> {});
    assertThat(Emulation.alive()).isEqualTo(7);
    context.close();
    context.close();
    assertThat(Emulation.alive()).isZero();
    assertThatThrownBy(context::freeMemory)
        .hasMessage("This use of Emulated GPU (device 0, sm_80) is closed.");
  }

  @Test
  void rangesAreChecked() {
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaStream stream = context.createStream();
        DeviceMemory memory = context.allocate(64);
        PinnedMemory pinned = context.allocatePinned(64)) {
      assertThatThrownBy(() -> stream.fill(memory, 60, 5, (byte) 0))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("5 bytes from 60 on are not within device memory of 64.");
      assertThatThrownBy(() -> stream.copyToDevice(memory, 0, pinned, -1, 5))
          .hasMessage("5 bytes from -1 on are not within pinned memory of 64.");
      assertThatThrownBy(() -> stream.upload(memory, 1, ByteBuffer.allocate(64)))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void largeSharedMemoryIsAskedFor() {
    Emulation.set("CAPABILITY", "8.6");
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaStream stream = context.createStream();
        CudaModule module = module(context);
        DeviceMemory memory = context.allocate(4 * COUNT)) {
      CudaFunction function = module.function("test_scale");
      byte[] struct = scale(memory, memory, 1);
      stream.fill(memory, 0, 4 * COUNT, (byte) 0);
      stream.launch(function, new LaunchShape(16, 1, 1, 64, 99 << 10), struct);
      stream.synchronize();
      assertThatThrownBy(
              () -> stream.launch(function, new LaunchShape(16, 1, 1, 64, 100 << 10), struct))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("to have 102400 bytes of shared memory")
          .hasMessageContaining("at most 101376");
    }
  }

  @Test
  void tooLittleMemorySaysHowMuchIsMissing() {
    Emulation.set("MEMORY", String.valueOf(100 << 20));
    try (CudaContext context = CudaContext.open(driver, 0)) {
      context.allocate(70 << 20);
      assertThatThrownBy(() -> context.allocate(40 << 20))
          .isInstanceOf(GpuUnavailableException.class)
          .hasMessageStartingWith(
              "The memory of the GPU Emulated GPU (device 0, sm_80) does not suffice: 40 MiB are"
                  + " needed, 30 MiB of 100 MiB are free. Use smaller batches");
    }
  }

  @Test
  void tooOldADriver() {
    Emulation.set("DRIVER", "11020");
    assertThatThrownBy(() -> CudaContext.open(driver, 0))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessage(
            "The NVIDIA driver is too old: it knows CUDA 11.2, and CUDA 11.4 (driver 470 or newer)"
                + " is needed. Update the driver, or run the model on the CPU.");
  }

  @Test
  void tooOldAGpu() {
    Emulation.set("CAPABILITY", "7.5");
    assertThatThrownBy(() -> CudaContext.open(driver, 0))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageContaining("need compute capability 8.0")
        .hasMessageContaining("it has 7.5");
  }

  @Test
  void devicesThatAreNotThere() {
    assertThatThrownBy(() -> CudaContext.open(driver, 1))
        .isInstanceOf(GpuUnavailableException.class)
        .hasMessageStartingWith("There is no GPU 1: the driver sees only GPU 0.");
    Emulation.set("DEVICES", "2");
    try (CudaContext second = CudaContext.open(driver, 1)) {
      assertThat(second.device().ordinal()).isEqualTo(1);
      second.allocate(64);
      assertThatThrownBy(() -> CudaContext.open(driver, 2))
          .hasMessageContaining("sees GPUs 0 to 1");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cuDevicePrimaryCtxRetain:46, CUDA_ERROR_DEVICE_UNAVAILABLE, nvidia-smi",
    "cuDeviceGetAttribute:999, CUDA_ERROR_UNKNOWN, tell a device's attribute",
    "cuStreamCreate:304, CUDA_ERROR_OPERATING_SYSTEM, make a stream",
    "cuCtxPushCurrent:201, CUDA_ERROR_INVALID_CONTEXT, be chosen",
    "cuMemHostAlloc:2, CUDA_ERROR_OUT_OF_MEMORY, pin 64 bytes",
    "cuMemAlloc:719, CUDA_ERROR_LAUNCH_FAILED, start it anew",
    "cuMemcpyHtoDAsync:1, CUDA_ERROR_INVALID_VALUE, copy 4000 bytes to the device",
    "cuMemcpyDtoHAsync:1, CUDA_ERROR_INVALID_VALUE, copy 4000 bytes from the device",
    "cuModuleLoadDataEx:304, CUDA_ERROR_OPERATING_SYSTEM, load the kernels",
    "cuModuleGetFunction:500, CUDA_ERROR_NOT_FOUND, find the kernel test_scale",
    "cuLaunchKernel:701, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, launch a kernel",
    "cuStreamSynchronize:700, CUDA_ERROR_ILLEGAL_ADDRESS, start it anew",
    "cuStreamBeginCapture:900, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, record work",
    "cuStreamEndCapture:901, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, null stream",
    "cuGraphInstantiate:2, CUDA_ERROR_OUT_OF_MEMORY, prepare recorded work",
    "cuGraphUpload:2, CUDA_ERROR_OUT_OF_MEMORY, find room for recorded work",
    "cuGraphLaunch:719, CUDA_ERROR_LAUNCH_FAILED, do recorded work"
  })
  void everyErrorIsReportedAndNothingLeaks(String failure, String name, String advice) {
    Emulation.set("FAIL", failure + ":1");
    assertThatThrownBy(this::useEverything)
        .hasMessageContaining(failure.replaceAll(".*:", name + " ("))
        .hasMessageContaining(failure.replaceAll(":.*", ""))
        .hasMessageContaining(advice);
    useEverything();
  }

  private void useEverything() {
    try (CudaContext context = CudaContext.open(driver, 0);
        CudaStream stream = context.createStream();
        PinnedMemory pinned = context.allocatePinned(64);
        CudaModule module = module(context);
        DeviceMemory memory = context.allocate(4 * COUNT)) {
      CudaFunction function = module.function("test_scale");
      stream.upload(memory, 0, floats(3));
      byte[] struct = scale(memory, memory, 1);
      try (CudaGraph graph = stream.capture(() -> stream.launch(function, SHAPE, struct))) {
        stream.launch(graph);
      }
      stream.download(direct(4 * COUNT), memory, 0);
      assertThat(pinned.bytes()).isEqualTo(64);
    }
  }

  @Test
  void aKernelThatFailsIsReportedByTheNextCall() {
    try (CudaContext context = CudaContext.open(driver, 0)) {
      CudaStream stream = context.createStream();
      CudaModule module = module(context);
      stream.launch(module.function("test_divided"), SHAPE, new byte[24]);
      assertThatThrownBy(stream::synchronize)
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("CUDA_ERROR_LAUNCH_FAILED (719)")
          .hasMessageContaining("A kernel failed");
      Emulation.set("RESET", "1");
    }
  }

  @Test
  void theUsersSwitchForExceptionsMayBeOn() {
    jcuda.driver.JCudaDriver.setExceptionsEnabled(true);
    try {
      assertThatThrownBy(() -> driver.device(5))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("CUDA_ERROR_INVALID_DEVICE (101)");
    } finally {
      jcuda.driver.JCudaDriver.setExceptionsEnabled(false);
    }
  }

  @Test
  void whatTheDriverSaysAboutPtxIsPassedOn() throws IOException {
    try (CudaContext context = CudaContext.open(driver, 0)) {
      ByteBuffer image = ByteBuffer.allocateDirect(64).put(".version 9.9".getBytes());
      assertThatThrownBy(() -> CudaModule.load(context, image))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222)")
          .hasMessageContaining("The driver says: unsupported .version 9.9.");
    }
  }

  @Test
  void theContextOfOthersIsLeftAsItIs() {
    try (CudaContext outer = CudaContext.open(driver, 0);
        CudaContext inner = CudaContext.open(driver, 0)) {
      AtomicInteger calls = new AtomicInteger();
      outer.run(
          d -> {
            inner.allocate(64).close();
            calls.addAndGet((int) (d.freeMemory() >> 30));
          });
      assertThat(calls).hasValue(8);
      assertThatThrownBy(driver::freeMemory).hasMessageContaining("CUDA_ERROR_INVALID_CONTEXT");
    }
  }
}
