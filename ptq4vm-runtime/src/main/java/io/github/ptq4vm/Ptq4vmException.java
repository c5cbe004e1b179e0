package io.github.ptq4vm;

import org.jspecify.annotations.Nullable;

/**
 * Base of the problems this library reports. The message is made of full sentences: what failed,
 * where, what was expected and found, and what to do next.
 */
public class Ptq4vmException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with full sentences. */
  public Ptq4vmException(String message) {
    super(message);
  }

  /** Creates the exception with full sentences and what caused it. */
  public Ptq4vmException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
