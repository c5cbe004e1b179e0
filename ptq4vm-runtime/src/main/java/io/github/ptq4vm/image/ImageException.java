package io.github.ptq4vm.image;

import org.jspecify.annotations.Nullable;

/**
 * An image that cannot be used: the message is a full sentence that names the image and says what
 * is wrong with it.
 */
public class ImageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a full sentence. */
  public ImageException(String message) {
    super(message);
  }

  /** Creates the exception with a full sentence and what caused it. */
  public ImageException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
