package io.github.ptq4vm;

import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Says once which device models run on, and why. */
final class DeviceLog {
  private static final System.Logger LOG = System.getLogger(DeviceLog.class.getName());
  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

  private DeviceLog() {}

  /** Logs a message that begins with the device, unless it has been logged before. */
  static void say(String message) {
    if (SAID.add(message)) {
      LOG.log(Level.INFO, "Device for models: " + message);
    }
  }
}
