package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * The zip archive {@code torch.save} writes since PyTorch 1.6: {@code <root>/data.pkl} and one
 * entry {@code <root>/data/<key>} a storage, under a root folder of any name. Entry names are only
 * looked up, never used as paths.
 */
final class TorchArchive implements AutoCloseable {
  private static final int LARGEST_PICKLE = 16 << 20;
  private static final int LARGEST_RATIO = 100;
  private static final int PIECE = 1 << 16;
  private static final String PICKLE = "data.pkl";

  private final Path file;
  private final ZipFile zip;
  private final Map<String, ZipEntry> entries = new HashMap<>();
  private final Set<String> checked = new HashSet<>();
  private final String root;

  private TorchArchive(Path file, ZipFile zip) {
    this.file = file;
    this.zip = zip;
    zip.stream()
        .forEach(
            entry -> {
              if (entries.put(entry.getName(), entry) != null) {
                throw failure("holds the entry \"" + entry.getName() + "\" twice", null);
              }
            });
    root = root();
    requireLittleEndian();
  }

  /**
   * Opens an archive and reads its table of contents.
   *
   * @throws CompileException if the file is no zip archive, is damaged, or was not written by
   *     {@code torch.save} on a little-endian machine
   */
  static TorchArchive open(Path file) {
    ZipFile zip;
    try {
      zip = new ZipFile(file.toFile(), StandardCharsets.UTF_8);
    } catch (ZipException e) {
      throw new CompileException(
          "The checkpoint "
              + file
              + " starts like a zip archive but is truncated or damaged ("
              + e.getMessage()
              + "); get it again from its source.",
          e);
    } catch (IOException e) {
      throw Checkpoints.unreadable(file, e);
    }
    try {
      return new TorchArchive(file, zip);
    } catch (RuntimeException e) {
      try {
        zip.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private String root() {
    String found = null;
    for (String name : entries.keySet()) {
      if (name.equals(PICKLE) || name.endsWith("/" + PICKLE)) {
        if (found != null) {
          throw failure("holds more than one " + PICKLE, null);
        }
        found = name.substring(0, name.length() - PICKLE.length());
      }
    }
    if (found == null) {
      throw failure(
          "is a zip archive without a "
              + PICKLE
              + "; a checkpoint written by torch.save is expected",
          null);
    }
    if (entries.containsKey(found + "constants.pkl")) {
      throw failure(
          "is a TorchScript program; save the model's state_dict() with torch.save instead", null);
    }
    return found;
  }

  private void requireLittleEndian() {
    ZipEntry entry = entries.get(root + "byteorder");
    if (entry != null
        && !new String(bytes(entry, 16), StandardCharsets.US_ASCII).strip().equals("little")) {
      throw failure("was written on a big-endian machine; save it again on a common one", null);
    }
  }

  /** The pickle's bytes. */
  byte[] pickle() {
    return bytes(entry(root + PICKLE), LARGEST_PICKLE);
  }

  /** How messages call the pickle. */
  String pickleName() {
    return "The entry \"" + root + PICKLE + "\" of the checkpoint " + file;
  }

  /**
   * Checks that a storage's entry has exactly the size the pickle claims, and that the archive can
   * really hold it.
   *
   * @param what file and key of a tensor that uses it, for the message
   */
  void require(Storage storage, String what) {
    ZipEntry entry = entries.get(root + "data/" + storage.key());
    if (entry == null) {
      throw new CompileException(
          what
              + " lies in the storage \""
              + storage.key()
              + "\", which the archive does not hold; get the file again from its source.");
    }
    int width = storage.dtype().bytes();
    if (storage.elements() < 0
        || storage.elements() > Long.MAX_VALUE / width
        || storage.elements() * width != entry.getSize()) {
      throw new CompileException(
          String.format(
              "%s lies in a storage of %d elements of %d bytes, but the entry \"%s\" holds %d bytes;"
                  + " the file is damaged, get it again from its source.",
              what, storage.elements(), width, entry.getName(), entry.getSize()));
    }
    requirePlausible(entry);
  }

  /**
   * Reads elements of a storage as float32. The first read of a storage goes through all of it and
   * compares its checksum.
   *
   * @param storage one that {@link #require} accepted
   * @param from first element
   * @param count number of elements
   * @throws CompileException if the archive is damaged there
   */
  float[] read(Storage storage, long from, int count) {
    ZipEntry entry = entry(root + "data/" + storage.key());
    int width = storage.dtype().bytes();
    try (InputStream in = zip.getInputStream(entry)) {
      if (checked.contains(entry.getName())) {
        in.skipNBytes(from * width);
        return FloatStream.read(in, storage.dtype(), count);
      }
      CheckedInputStream summed = new CheckedInputStream(in, new CRC32());
      pass(summed, from * width);
      float[] values = FloatStream.read(summed, storage.dtype(), count);
      pass(summed, (storage.elements() - from - count) * width);
      requireChecksum(entry, summed);
      checked.add(entry.getName());
      return values;
    } catch (IOException e) {
      throw damaged(entry, e);
    }
  }

  /** Reads over so many bytes; skipping them would do it in tiny pieces. */
  private static void pass(InputStream in, long bytes) throws IOException {
    byte[] piece = new byte[(int) Math.min(PIECE, bytes)];
    for (long left = bytes; left > 0; ) {
      int got = in.read(piece, 0, (int) Math.min(piece.length, left));
      if (got < 0) {
        throw new EOFException("the data ends " + left + " bytes early");
      }
      left -= got;
    }
  }

  private void requireChecksum(ZipEntry entry, CheckedInputStream in) {
    long actual = in.getChecksum().getValue();
    // PyTorch writes 0 where its user switched checksums off.
    if (entry.getCrc() != 0 && actual != entry.getCrc()) {
      throw failure(
          String.format(
              "has a wrong checksum in the entry \"%s\": %08x is expected but the data gives %08x;"
                  + " get it again from its source",
              entry.getName(), entry.getCrc(), actual),
          null);
    }
  }

  private byte[] bytes(ZipEntry entry, int limit) {
    if (entry.getSize() < 0 || entry.getSize() > limit) {
      throw failure(
          String.format(
              "has an entry \"%s\" of %d bytes; at most %d are expected",
              entry.getName(), entry.getSize(), limit),
          null);
    }
    requirePlausible(entry);
    try (CheckedInputStream in = new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
      byte[] bytes = in.readNBytes((int) entry.getSize());
      if (bytes.length != entry.getSize() || in.read() >= 0) {
        throw failure(
            "does not hold the "
                + entry.getSize()
                + " bytes it claims for the entry \""
                + entry.getName()
                + "\"",
            null);
      }
      requireChecksum(entry, in);
      return bytes;
    } catch (IOException e) {
      throw damaged(entry, e);
    }
  }

  private void requirePlausible(ZipEntry entry) {
    long size = entry.getSize();
    long compressed = entry.getCompressedSize();
    boolean stored = entry.getMethod() == ZipEntry.STORED;
    if (compressed < 0
        || compressed > file.toFile().length()
        || (stored ? size != compressed : size / LARGEST_RATIO > compressed)) {
      throw failure(
          String.format(
              "claims %d bytes for the entry \"%s\", which takes %d bytes in the archive: no"
                  + " weights compress like that, so the file is damaged or malicious",
              size, entry.getName(), compressed),
          null);
    }
  }

  private ZipEntry entry(String name) {
    ZipEntry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("There is no entry " + name + ".");
    }
    return entry;
  }

  private CompileException damaged(ZipEntry entry, IOException cause) {
    return failure(
        "is truncated or damaged in the entry \""
            + entry.getName()
            + "\" ("
            + cause.getMessage()
            + "); get it again from its source",
        cause);
  }

  private CompileException failure(String what, @Nullable Throwable cause) {
    return new CompileException("The checkpoint " + file + " " + what + ".", cause);
  }

  @Override
  public void close() {
    try {
      zip.close();
    } catch (IOException e) {
      throw Checkpoints.unreadable(file, e);
    }
  }
}
