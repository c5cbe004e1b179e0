package io.github.ptq4vm;

import org.jspecify.annotations.Nullable;

/** A model is sound but needs a newer runtime than this one. */
public class UnsupportedModelException extends Ptq4vmException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with full sentences. */
  public UnsupportedModelException(String message) {
    super(message);
  }

  /** Creates the exception with full sentences and what caused it. */
  public UnsupportedModelException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
