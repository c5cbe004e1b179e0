package io.github.ptq4vm;

import org.jspecify.annotations.Nullable;

/** A model's files are damaged, incomplete or contradict each other. */
public class CorruptModelException extends Ptq4vmException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with full sentences. */
  public CorruptModelException(String message) {
    super(message);
  }

  /** Creates the exception with full sentences and what caused it. */
  public CorruptModelException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
