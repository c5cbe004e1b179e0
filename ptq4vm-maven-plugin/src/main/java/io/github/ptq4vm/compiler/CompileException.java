package io.github.ptq4vm.compiler;

import org.jspecify.annotations.Nullable;

/**
 * A problem with what the user gave: the message is a full sentence that says what failed, where,
 * what was expected and found, and what to do next. Shown without a stack trace.
 */
public class CompileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a full sentence. */
  public CompileException(String message) {
    super(message);
  }

  /** Creates the exception with a full sentence and what caused it. */
  public CompileException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
