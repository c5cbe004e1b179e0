package io.github.ptq4vm;

import org.jspecify.annotations.Nullable;

/**
 * A GPU was asked for and cannot be used: there is no driver or no device, one of them is too old,
 * or its memory does not suffice. The message says which, and what to do.
 */
public class GpuUnavailableException extends Ptq4vmException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with full sentences. */
  public GpuUnavailableException(String message) {
    super(message);
  }

  /** Creates the exception with full sentences and what caused it. */
  public GpuUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
