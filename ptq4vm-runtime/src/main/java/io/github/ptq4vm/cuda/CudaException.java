package io.github.ptq4vm.cuda;

import io.github.ptq4vm.Ptq4vmException;

/** A function of the CUDA driver returned an error. */
public final class CudaException extends Ptq4vmException {
  private static final long serialVersionUID = 1L;

  static final int OUT_OF_MEMORY = 2;
  static final int NO_DEVICE = 100;
  static final int INVALID_IMAGE = 200;
  static final int NO_BINARY_FOR_GPU = 209;
  static final int INVALID_PTX = 218;
  static final int JIT_COMPILER_NOT_FOUND = 221;
  static final int UNSUPPORTED_PTX_VERSION = 222;
  static final int INVALID_SOURCE = 300;
  static final int NOT_SUPPORTED = 801;

  private final int code;

  /**
   * Creates the exception.
   *
   * @param action what was attempted, as it follows "The GPU could not", for example "copy 64 bytes
   *     to the device"
   * @param function the function of the driver
   * @param code what it returned
   * @param name the code's name
   * @param log what the driver wrote about it, or an empty text
   */
  CudaException(String action, String function, int code, String name, String log) {
    super(message(action, function, code, name, log));
    this.code = code;
  }

  /** The driver's code, a {@code CUresult}. */
  public int code() {
    return code;
  }

  /** Whether memory, of the device or pinned, did not suffice. */
  boolean isOutOfMemory() {
    return code == OUT_OF_MEMORY;
  }

  private static String message(String action, String function, int code, String name, String log) {
    String text =
        "The GPU could not " + action + ": " + function + " returned " + name + " (" + code + ").";
    if (!log.isBlank()) {
      text += " The driver says: " + log.strip() + (log.strip().endsWith(".") ? "" : ".");
    }
    String advice = advice(code);
    return advice.isEmpty() ? text : text + " " + advice;
  }

  private static String advice(int code) {
    return switch (code) {
      case OUT_OF_MEMORY ->
          "Its memory does not suffice: use smaller batches, close models that are not needed, or"
              + " choose another device.";
      case 3, 4, 709 -> "The driver has been shut down, as happens while the JVM ends.";
      case 46 -> "Another process has the device for itself; `nvidia-smi -q` shows which.";
      case NO_DEVICE ->
          "The driver sees no device: check `nvidia-smi`, CUDA_VISIBLE_DEVICES and, in a container,"
              + " whether it was started with --gpus.";
      case NO_BINARY_FOR_GPU, UNSUPPORTED_PTX_VERSION, JIT_COMPILER_NOT_FOUND ->
          "The driver is too old for this GPU: update it.";
      case 214, 220 ->
          "The hardware reports a fault: `nvidia-smi -q` and the system's log say more.";
      case 700, 702, 710, 714, 715, 716, 717, 718, 719 ->
          "A kernel failed, and the device cannot be used any more by this process: start it anew,"
              + " and please report what it did.";
      case 802, 803, 804 ->
          "The parts of the driver do not fit each other: reinstall it or restart the machine.";
      case 900, 901, 905, 906 ->
          "Something else used the device while its work was being recorded: do not use CUDA's null"
              + " stream in the same process meanwhile.";
      default -> "";
    };
  }
}
