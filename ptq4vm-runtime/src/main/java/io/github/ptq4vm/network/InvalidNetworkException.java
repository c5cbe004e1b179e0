package io.github.ptq4vm.network;

/** A program of operations that does not fit together: says which operation and why. */
public class InvalidNetworkException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with a full sentence. */
  public InvalidNetworkException(String message) {
    super(message);
  }
}
