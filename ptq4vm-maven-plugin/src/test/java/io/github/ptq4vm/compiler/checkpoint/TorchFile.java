package io.github.ptq4vm.compiler.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes files in PyTorch's zip format, byte by byte where a test wants a hostile one. */
final class TorchFile {
  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
  private final Map<String, byte[]> entries = new LinkedHashMap<>();
  private boolean deflated;

  TorchFile() {
    raw(0x80, 2);
  }

  /** Appends opcodes and arguments as they are. */
  TorchFile raw(int... bytes) {
    for (int value : bytes) {
      pickle.write(value);
    }
    return this;
  }

  TorchFile ascii(String text) {
    pickle.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  TorchFile text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    raw('X');
    pickle.writeBytes(little(4).putInt(utf8.length).array());
    pickle.writeBytes(utf8);
    return this;
  }

  TorchFile integer(long value) {
    raw(0x8a, 8);
    pickle.writeBytes(little(8).putLong(value).array());
    return this;
  }

  TorchFile integers(long... values) {
    raw('(');
    for (long value : values) {
      integer(value);
    }
    return raw('t');
  }

  TorchFile global(String module, String name) {
    return ascii("c" + module + "\n" + name + "\n");
  }

  /** A tensor, as the value of a dict's key that is on the stack, or anywhere else. */
  TorchFile tensor(
      String storageClass, String key, long numel, long offset, long[] size, long[] stride) {
    global("torch._utils", "_rebuild_tensor_v2").raw('(', '(').text("storage");
    global("torch", storageClass).text(key).text("cpu").integer(numel).raw('t', 'Q');
    integer(offset).integers(size).integers(stride).raw(0x89);
    return global("collections", "OrderedDict").raw(')', 'R', 't', 'R');
  }

  /** A vector over all of a storage, as an entry of the dict on top of the stack. */
  TorchFile vector(String name, float... values) {
    text(name).tensor("FloatStorage", name, values.length, 0, sizes(values.length), sizes(1));
    return storage(name, floats(values)).raw('s');
  }

  TorchFile storage(String key, byte[] data) {
    return entry("root/data/" + key, data);
  }

  TorchFile entry(String name, byte[] data) {
    entries.put(name, data);
    return this;
  }

  TorchFile deflated() {
    deflated = true;
    return this;
  }

  static long[] sizes(long... sizes) {
    return sizes;
  }

  static byte[] floats(float... values) {
    ByteBuffer bytes = little(4 * values.length);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Ends the pickle and writes the file. */
  Path write(Path folder) {
    raw('.');
    entries.put("root/data.pkl", pickle.toByteArray());
    return writeEntries(folder);
  }

  /** Writes the file with whatever entries there are. */
  Path writeEntries(Path folder) {
    try {
      Path file = Files.createTempFile(folder, "made", ".pth");
      try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
        for (Map.Entry<String, byte[]> item : entries.entrySet()) {
          ZipEntry entry = new ZipEntry(item.getKey());
          if (!deflated) {
            CRC32 crc = new CRC32();
            crc.update(item.getValue());
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(item.getValue().length);
            entry.setCrc(crc.getValue());
          }
          zip.putNextEntry(entry);
          zip.write(item.getValue());
        }
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
