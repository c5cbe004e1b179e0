package io.github.ptq4vm;

import org.jspecify.annotations.Nullable;

/** A model is not where it was looked for, or several are and none was named. */
public class ModelNotFoundException extends Ptq4vmException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with full sentences. */
  public ModelNotFoundException(String message) {
    super(message);
  }

  /** Creates the exception with full sentences and what caused it. */
  public ModelNotFoundException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
