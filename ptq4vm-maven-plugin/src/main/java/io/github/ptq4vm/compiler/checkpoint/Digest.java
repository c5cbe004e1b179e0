package io.github.ptq4vm.compiler.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A file's SHA-256, computed when first asked for: training files have gigabytes. */
final class Digest {
  private final Path file;
  private @Nullable String hex;

  Digest(Path file) {
    this.file = file;
  }

  /** Lower-case hexadecimal. */
  String hex() {
    if (hex == null) {
      hex = compute(file);
    }
    return hex;
  }

  private static String compute(Path file) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform must offer SHA-256.", e);
    }
    byte[] piece = new byte[1 << 16];
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      while (in.read(piece) >= 0) {
        continue;
      }
    } catch (IOException e) {
      throw Checkpoints.unreadable(file, e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
