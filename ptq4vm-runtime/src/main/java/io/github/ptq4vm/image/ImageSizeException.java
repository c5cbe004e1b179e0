package io.github.ptq4vm.image;

/** An image that, prepared, does not have the size the model takes. */
public final class ImageSizeException extends ImageException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a full sentence. */
  public ImageSizeException(String message) {
    super(message);
  }
}
