package io.github.ptq4vm.cuda;

import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;

/** Tells the emulated driver what to do, and asks what it has seen. See emulated_driver.cpp. */
final class Emulation {

  /** What is alive in the emulated driver, and at the end what has happened in it so far. */
  enum Count {
    DEVICE_ALLOCATIONS,
    PINNED_ALLOCATIONS,
    STREAMS,
    EVENTS,
    MODULES,
    GRAPHS,
    RETAINED_CONTEXTS,
    LAUNCHES,
    FREED_UNDER_WAY
  }

  private Emulation() {}

  /** Changes a setting; an empty value gives it its usual one. */
  static void set(String name, String value) {
    int code = JCudaDriver.cuDeviceGetByPCIBusId(new CUdevice(), "emulation " + name + "=" + value);
    if (code != 0) {
      throw new IllegalStateException("The driver is not the emulated one: " + code);
    }
  }

  /** Forgets all settings and errors. */
  static void reset() {
    for (String name :
        new String[] {"DEVICES", "DRIVER", "CAPABILITY", "MEMORY", "REFUSE", "FAIL", "RESET"}) {
      set(name, "");
    }
  }

  /** How many of something there are. */
  static int count(Count what) {
    CUdevice device = new CUdevice();
    int[] count = new int[1];
    int code = JCudaDriver.cuDeviceGet(device, 0);
    code += JCudaDriver.cuDeviceGetAttribute(count, -1 - what.ordinal(), device);
    if (code != 0) {
      throw new IllegalStateException("The driver is not the emulated one, or broken: " + code);
    }
    return count[0];
  }

  /** Everything that is alive: zero when all was closed. */
  static int alive() {
    int sum = 0;
    for (Count what : Count.values()) {
      boolean past = what == Count.LAUNCHES || what == Count.FREED_UNDER_WAY;
      sum += past ? 0 : count(what);
    }
    return sum;
  }
}
