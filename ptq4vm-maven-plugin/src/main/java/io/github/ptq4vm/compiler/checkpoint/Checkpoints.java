package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens checkpoint files. The content decides the format; the file's name says nothing. */
public final class Checkpoints {
  private static final int PICKLE_PROTOCOL = 0x80;

  /** Eight bytes of a safetensors header's length, and the brace its JSON begins with. */
  private static final int HEAD = 9;

  private Checkpoints() {}

  /**
   * Opens a PyTorch zip checkpoint ({@code .pth}, {@code .ckpt}, {@code .pt}) or a safetensors
   * file.
   *
   * @param file the file
   * @param weights which state dict: {@code model} takes the entry {@code model}, else {@code
   *     state_dict}, else the top level if that is a dict of tensors; any other name, such as
   *     {@code model_ema}, takes the entry of that name
   * @throws CompileException if the file is missing, of another format, damaged or malicious, or
   *     has no such weights
   */
  public static Checkpoint open(Path file, String weights) {
    byte[] head = head(file);
    if (head.length >= 4 && head[0] == 'P' && head[1] == 'K' && head[2] == 3 && head[3] == 4) {
      return TorchCheckpoint.open(file, weights);
    }
    if (head.length == HEAD && head[HEAD - 1] == '{') {
      return SafetensorsCheckpoint.open(file, weights);
    }
    if (head.length > 1 && (head[0] & 0xff) == PICKLE_PROTOCOL && head[1] > 0 && head[1] <= 5) {
      throw new CompileException(
          "The checkpoint "
              + file
              + " is a bare pickle, as PyTorch wrote before version 1.6; load it in a newer PyTorch and"
              + " save its state dict again with torch.save, or as safetensors.");
    }
    throw new CompileException(
        "The file "
            + file
            + " is no checkpoint: it is neither a zip archive written by torch.save nor a"
            + " safetensors file. Check the path, and that the download is complete and is not a"
            + " web page or a Git LFS pointer.");
  }

  /**
   * SHA-256 of a whole file in lower-case hexadecimal.
   *
   * @throws CompileException if there is no such file, or it cannot be read
   */
  public static String sha256(Path file) {
    head(file);
    return new Digest(file).hex();
  }

  private static byte[] head(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new CompileException(
          "The checkpoint " + file + " does not exist or is not a file; check the path.");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(HEAD);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  static CompileException unreadable(Path file, IOException cause) {
    return new CompileException(
        "The checkpoint " + file + " cannot be read: " + cause.getMessage() + ".", cause);
  }

  static CompileException noTensor(Checkpoint checkpoint, String key) {
    return new CompileException(
        "The checkpoint " + checkpoint.file() + " has no tensor \"" + key + "\".");
  }

  static CompileException notFloating(Checkpoint checkpoint, String key) {
    return new CompileException(
        "The tensor \""
            + key
            + "\" of the checkpoint "
            + checkpoint.file()
            + " has elements of type "
            + checkpoint.tensors().get(key).dtype()
            + "; weights must be F32, F16, BF16 or F64.");
  }
}
