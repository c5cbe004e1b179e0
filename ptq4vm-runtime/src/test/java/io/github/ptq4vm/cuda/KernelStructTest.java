package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.network.Activation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The records write what {@code params.cuh} declares: sizes, and pointers where pointers are. */
class KernelStructTest {

  private static final Path SOURCE = Path.of("src/main/cuda/params.cuh");

  private static final ImageParams IMAGE = ImageParams.planes(1, DeviceValue.NONE, 4, 2);

  private static final DenseParams DENSE =
      DenseParams.linear(DeviceValue.NONE, 1, 2, DeviceValue.NONE, 3, 5, 7, 11, Activation.SIGMOID);

  private static final Map<String, KernelStruct> STRUCTS =
      Map.ofEntries(
          Map.entry("Value", DeviceValue.NONE),
          Map.entry("RowSource", RowSource.NONE),
          Map.entry("InputQuantizer", InputQuantizer.NONE),
          Map.entry("LinearProblem", LinearProblem.NONE),
          Map.entry("LinearParams", new LinearParams(List.of(LinearProblem.NONE), 1, 16)),
          Map.entry("RowsParams", new RowsParams(RowSource.NONE, DeviceValue.NONE, 1)),
          Map.entry("DepthwiseProblem", DepthwiseProblem.NONE),
          Map.entry(
              "DepthwiseParams", new DepthwiseParams(List.of(), 1, 2, 3, 4, 5, 6, Activation.SILU)),
          Map.entry("ScanProblem", ScanProblem.NONE),
          Map.entry("ScanParams", new ScanParams(List.of(ScanProblem.NONE), 1, 2, 3, 4, 5, 1)),
          Map.entry("DenseParams", DENSE),
          Map.entry("MeanParams", new MeanParams(DeviceValue.NONE, DeviceValue.NONE, 1, 2, 3)),
          Map.entry(
              "RotatePairsParams",
              new RotatePairsParams(DeviceValue.NONE, DeviceValue.NONE, 1, 2, 3, 4, 5)),
          Map.entry("ImageParams", IMAGE));

  @Test
  void everyStructHasTheSizeThatTheKernelsAssert() throws IOException {
    Matcher assertion =
        Pattern.compile("static_assert\\(sizeof\\((\\w+)\\) == (\\d+)")
            .matcher(Files.readString(SOURCE));
    Map<String, Integer> sizes = new HashMap<>();
    while (assertion.find()) {
      sizes.put(assertion.group(1), Integer.parseInt(assertion.group(2)));
    }
    assertThat(sizes.keySet()).isEqualTo(STRUCTS.keySet());
    STRUCTS.forEach(
        (name, struct) ->
            assertThat(struct.toBytes()).as(name).hasSize(struct.size()).hasSize(sizes.get(name)));
  }

  @Test
  void pointersAreWhereTheKernelsReadThem() throws IOException {
    Map<String, Fields> declared = new HashMap<>();
    Matcher struct =
        Pattern.compile("struct (\\w+) \\{(.*?)\\n\\};", Pattern.DOTALL)
            .matcher(Files.readString(SOURCE));
    while (struct.find()) {
      declared.put(struct.group(1), fields(struct.group(2), declared));
    }
    STRUCTS.forEach(
        (name, value) -> {
          StructWriter writer = new StructWriter(value.size());
          value.write(writer);
          assertThat(writer.pointers())
              .as(name)
              .containsExactly(
                  declared.get(name).pointers().stream().mapToInt(Integer::intValue).toArray());
        });
  }

  private record Fields(int size, List<Integer> pointers) {}

  private static Fields fields(String body, Map<String, Fields> known) {
    Matcher field =
        Pattern.compile("(?m)^  (?:const )?([\\w ]+?)(\\*?) (\\w+)(?:\\[(\\w+)])?;").matcher(body);
    int at = 0;
    List<Integer> pointers = new ArrayList<>();
    while (field.find()) {
      int count =
          field.group(4) == null
              ? 1
              : field.group(4).startsWith("MAX") ? 4 : Integer.parseInt(field.group(4));
      boolean pointer = !field.group(2).isEmpty();
      Fields inner =
          pointer
              ? new Fields(8, List.of(0))
              : known.getOrDefault(field.group(1), new Fields(4, List.of()));
      for (int i = 0; i < count; i++) {
        int base = at;
        inner.pointers().forEach(offset -> pointers.add(base + offset));
        at += inner.size();
      }
    }
    return new Fields(at, pointers);
  }

  @Test
  void fieldsComeInTheOrderOfTheStruct() {
    DeviceValue value = new DeviceValue(0x1122334455667788L, StorageType.F32, 192, 197);
    ByteBuffer bytes = ByteBuffer.wrap(value.toBytes()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.getLong()).isEqualTo(0x1122334455667788L);
    assertThat(bytes.getInt()).isEqualTo(1);
    assertThat(bytes.getInt()).isEqualTo(192);
    assertThat(bytes.getInt()).isEqualTo(197);
    assertThat(value.from(3).data()).isEqualTo(0x1122334455667788L + 12);

    ByteBuffer dense = ByteBuffer.wrap(DENSE.toBytes()).order(ByteOrder.LITTLE_ENDIAN);
    int[] tail = new int[14];
    for (int i = 0; i < tail.length; i++) {
      tail[i] = dense.getInt(64 + 4 * i);
    }
    assertThat(tail).containsExactly(3, 5, 7, 11, 1, 11, 1, 1, 1, 0, 5, 16, 3, 0);
  }

  @Test
  void refusesWhatDoesNotFit() {
    List<RowSource.Input> five = List.of(term(), term(), term(), term(), term());
    assertThatThrownBy(() -> RowSource.sum(1f, 1, 1, five))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5 inputs");
    LinearParams params =
        new LinearParams(
            List.of(
                LinearProblem.NONE,
                LinearProblem.NONE,
                LinearProblem.NONE,
                LinearProblem.NONE,
                LinearProblem.NONE),
            1,
            16);
    assertThatThrownBy(params::toBytes)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5 structs do not fit an array of 4");
    assertThatThrownBy(() -> new StructWriter(8).int32(1).bytes())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("lacks 4");
  }

  private static RowSource.Input term() {
    return RowSource.Input.of(DeviceValue.NONE);
  }
}
