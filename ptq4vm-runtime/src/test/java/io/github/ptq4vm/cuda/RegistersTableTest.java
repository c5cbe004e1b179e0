package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The registers that the page on the GPU runtime tells, against those of the compiled kernels. */
class RegistersTableTest {

  private static List<String> table(JsonObject description) {
    Map<String, StringBuilder> rows = new TreeMap<>();
    for (JsonElement element : description.getAsJsonArray("kernels")) {
      JsonObject kernel = element.getAsJsonObject();
      String name = kernel.get("name").getAsString();
      rows.computeIfAbsent(name, n -> new StringBuilder("| `" + n + "` |"))
          .append(" " + kernel.get("registers").getAsInt() + " |");
    }
    return rows.values().stream().map(StringBuilder::toString).toList();
  }

  @Test
  void documentTellsTheRegistersOfTheBinaries() throws IOException {
    JsonObject description =
        JsonParser.parseString(
                Files.readString(Path.of("src/main/resources/io/github/ptq4vm/cuda/kernels.json")))
            .getAsJsonObject();
    String header =
        description.getAsJsonArray("architectures").asList().stream()
            .map(architecture -> " sm_" + architecture.getAsInt() + " |")
            .collect(Collectors.joining("", "| kernel |", ""));
    List<String> expected = table(description);
    List<String> document = Files.readString(Path.of("../docs/gpu.md")).lines().toList();
    assertThat(expected).isNotEmpty();
    assertThat(document).as("The section Registers of docs/gpu.md.").contains(header);
    int first = document.indexOf(header) + 2;
    List<String> found =
        document.stream().skip(first).takeWhile(line -> line.startsWith("| `")).toList();
    assertThat(found)
        .as(
            "The table of registers in docs/gpu.md is not that of kernels.json. Replace its rows"
                + " by:\n%s",
            String.join("\n", expected))
        .isEqualTo(expected);
  }
}
