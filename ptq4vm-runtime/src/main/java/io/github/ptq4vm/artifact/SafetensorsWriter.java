package io.github.ptq4vm.artifact;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.ptq4vm.network.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * Writes tensors as a safetensors file: the same bytes for the same tensors, the header sorted by
 * name. Data start at a multiple of {@link #ALIGNMENT} bytes; wider element types come first, so
 * that every tensor is aligned to its element although the format allows no holes.
 */
public final class SafetensorsWriter {

  /** The data start at a multiple of this many bytes from the start of the file. */
  public static final int ALIGNMENT = 64;

  private static final int FLOATS_A_CHUNK = 16 * 1024;

  private SafetensorsWriter() {}

  /**
   * Writes a file.
   *
   * @param tensors the tensors by name
   * @param metadata what {@code __metadata__} says; left out when empty
   * @param out where to; not closed
   */
  public static void write(
      Map<String, Tensor> tensors, SortedMap<String, String> metadata, OutputStream out)
      throws IOException {
    List<Map.Entry<String, Tensor>> ordered =
        tensors.entrySet().stream()
            .sorted(
                Comparator.comparingInt(
                        (Map.Entry<String, Tensor> e) -> -e.getValue().type().bytes())
                    .thenComparing(Map.Entry.comparingByKey()))
            .toList();
    out.write(header(ordered, metadata));
    for (Map.Entry<String, Tensor> entry : ordered) {
      if (entry.getValue() instanceof Tensor.Floats floats) {
        write(floats.data(), out);
      } else if (entry.getValue() instanceof Tensor.Bytes bytes) {
        out.write(bytes.data());
      }
    }
  }

  private static byte[] header(
      List<Map.Entry<String, Tensor>> ordered, SortedMap<String, String> metadata) {
    JsonObject[] described = new JsonObject[ordered.size()];
    long position = 0;
    for (int i = 0; i < described.length; i++) {
      Tensor tensor = ordered.get(i).getValue();
      long end = position + (long) tensor.size() * tensor.type().bytes();
      described[i] = describe(tensor, position, end);
      position = end;
    }
    JsonObject root = new JsonObject();
    if (!metadata.isEmpty()) {
      JsonObject fields = new JsonObject();
      metadata.forEach(fields::addProperty);
      root.add("__metadata__", fields);
    }
    Integer[] byName = new Integer[described.length];
    Arrays.setAll(byName, i -> i);
    Arrays.sort(byName, Comparator.comparing(i -> ordered.get(i).getKey()));
    for (int i : byName) {
      root.add(ordered.get(i).getKey(), described[i]);
    }
    byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
    int start = SafetensorsHeader.LENGTH_BYTES;
    int total = (start + json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    ByteBuffer buffer = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putLong(total - start).put(json);
    Arrays.fill(buffer.array(), buffer.position(), total, (byte) ' ');
    return buffer.array();
  }

  private static JsonObject describe(Tensor tensor, long begin, long end) {
    JsonArray shape = new JsonArray();
    tensor.shape().forEach(shape::add);
    JsonArray offsets = new JsonArray();
    offsets.add(begin);
    offsets.add(end);
    JsonObject described = new JsonObject();
    described.addProperty("dtype", tensor.type().name());
    described.add("shape", shape);
    described.add("data_offsets", offsets);
    return described;
  }

  private static void write(float[] data, OutputStream out) throws IOException {
    ByteBuffer chunk =
        ByteBuffer.allocate(Math.min(data.length, FLOATS_A_CHUNK) * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int from = 0; from < data.length; from += FLOATS_A_CHUNK) {
      int count = Math.min(FLOATS_A_CHUNK, data.length - from);
      chunk.asFloatBuffer().put(data, from, count);
      out.write(chunk.array(), 0, count * Float.BYTES);
    }
  }
}
