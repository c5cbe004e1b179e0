package io.github.ptq4vm.artifact;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What a file must be.
 *
 * @param size length in bytes
 * @param sha256 SHA-256 of the bytes, 64 lower-case hex digits
 */
public record FileDigest(long size, String sha256) {

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** Checks the form of the digest. */
  public FileDigest {
    if (size < 0 || !isSha256(sha256)) {
      throw new IllegalArgumentException(
          "A file of "
              + size
              + " bytes and SHA-256 \""
              + sha256
              + "\" is not possible: the digest should be 64 lower-case hex digits.");
    }
  }

  /** The digest of bytes. */
  public static FileDigest of(byte[] bytes) {
    return new FileDigest(bytes.length, hex(newSha256().digest(bytes)));
  }

  static boolean isSha256(String text) {
    return SHA256.matcher(text).matches();
  }

  static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256, but this one has not.", e);
    }
  }

  static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }
}
