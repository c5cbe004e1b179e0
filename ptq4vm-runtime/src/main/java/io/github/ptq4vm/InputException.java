package io.github.ptq4vm;

import org.jspecify.annotations.Nullable;

/** What was given to a model does not fit it, for example a tensor of another size. */
public class InputException extends Ptq4vmException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with full sentences. */
  public InputException(String message) {
    super(message);
  }

  /** Creates the exception with full sentences and what caused it. */
  public InputException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
