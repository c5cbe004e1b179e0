package io.github.ptq4vm.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.network.ElementType;
import io.github.ptq4vm.network.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {

  @TempDir Path folder;

  @Test
  void writesWhatItReads() throws IOException {
    byte[] file = sample();

    SafetensorsHeader header = SafetensorsHeader.read(file, "x.safetensors");

    assertThat(header.entries().keySet()).containsExactly("a.bytes", "b.floats", "scalar");
    assertThat(header.metadata()).containsExactly(Map.entry("packing", "u4-lo-hi"));
    SafetensorsHeader.Entry floats = header.entries().get("b.floats");
    assertThat(floats.dtype()).isEqualTo("F32");
    assertThat(floats.shape()).containsExactly(2, 1);
    assertThat(floats.begin() % SafetensorsWriter.ALIGNMENT).isZero();
    assertThat(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getFloat((int) floats.begin()))
        .isEqualTo(1.5f);
    SafetensorsHeader.Entry bytes = header.entries().get("a.bytes");
    assertThat(Arrays.copyOfRange(file, (int) bytes.begin(), (int) bytes.end()))
        .containsExactly(1, -2, 3);
    assertThat(header.entries().get("scalar").shape()).isEmpty();
  }

  @Test
  void readsAFileAsItReadsBytes() throws IOException {
    Path file = Files.write(folder.resolve("x.safetensors"), sample());
    try (FileChannel channel = FileChannel.open(file)) {
      assertThat(SafetensorsHeader.read(channel, "x").entries())
          .isEqualTo(SafetensorsHeader.read(sample(), "x").entries());
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]                                                                 | should be an object",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} x | not valid JSON",
        "{'a':1}                                                            | not valid JSON",
        "{\"a\":1,\"a\":1}                                                  | twice",
        "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}                     | lacks the field",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"z\":1}} | nobody knows",
        "{\"a\":{\"dtype\":\"I4\",\"shape\":[8],\"data_offsets\":[0,4]}}    | not a known dtype",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}   | should take 8 bytes",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}  | integer from 0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1e0],\"data_offsets\":[0,4]}} | integer from 0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,9]}}   | integer from 0 to 4",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}   | integer from 4 to 4",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}     | two offsets",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}    | appended",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]}}    | without holes",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[2147483647,2147483647,4],\"data_offsets\":[0,4]}} | too large",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}} | without holes",
        "{\"__metadata__\":{\"a\":1}}                                       | should be a string",
      })
  void refusesAnUnsoundHeader(String json, String problem) {
    assertThatThrownBy(() -> SafetensorsHeader.read(file(json, 4), "x.safetensors"))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("x.safetensors")
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 1, 1L << 40, 100_000_001, Long.MIN_VALUE})
  void refusesAGiantOrTinyHeaderClaimBeforeReadingIt(long claim) {
    byte[] file = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN).putLong(claim).array();
    assertThatThrownBy(() -> SafetensorsHeader.read(file, "x"))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("claims");
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    byte[] file = sample();
    for (int length = 0; length < file.length; length++) {
      byte[] part = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> SafetensorsHeader.read(part, "x"))
          .isInstanceOf(CorruptModelException.class);
    }
  }

  @Test
  void refusesInvalidUtf8AndDeepNesting() {
    byte[] file = file("{\"\u0001\":1}", 0);
    file[10] = (byte) 0xFF;
    assertThatThrownBy(() -> SafetensorsHeader.read(file, "x"))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("UTF-8");
    String deep = "{\"a\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
    assertThatThrownBy(() -> SafetensorsHeader.read(file(deep, 0), "x"))
        .isInstanceOf(CorruptModelException.class);
  }

  @Test
  void refusesMoreValuesThanAnyModelNeeds() {
    int limit = 1_000_000;
    // The object and the outer array are values too.
    String full = "{\"a\":[" + "[],".repeat(limit - 3) + "[]]}";
    assertThatThrownBy(() -> SafetensorsHeader.read(file(full, 0), "x"))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("should be an object");
    String over = "{\"a\":[" + "[],".repeat(limit - 2) + "[]]}";
    assertThatThrownBy(() -> SafetensorsHeader.read(file(over, 0), "x"))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("x")
        .hasMessageContaining("more than 1000000 values");
  }

  @Test
  void giantNamesAreNotRepeatedForEachElement() {
    String name = "n".repeat(1 << 20);
    String shape = "1,".repeat(20_000) + "2";
    String json =
        "{\"%s\":{\"dtype\":\"U8\",\"shape\":[%s],\"data_offsets\":[0,4]}}".formatted(name, shape);
    assertThatThrownBy(() -> SafetensorsHeader.read(file(json, 4), "x"))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageContaining("should take 2 bytes")
        .message()
        .hasSizeLessThan(500);
  }

  private static byte[] sample() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    SafetensorsWriter.write(
        Map.of(
            "a.bytes", new Tensor.Bytes(ElementType.I8, List.of(3), new byte[] {1, -2, 3}),
            "b.floats", new Tensor.Floats(List.of(2, 1), new float[] {1.5f, -0f}),
            "scalar", new Tensor.Floats(List.of(), new float[] {7})),
        new TreeMap<>(Map.of("packing", "u4-lo-hi")),
        out);
    return out.toByteArray();
  }

  private static byte[] file(String json, int data) {
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + header.length + data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }
}
