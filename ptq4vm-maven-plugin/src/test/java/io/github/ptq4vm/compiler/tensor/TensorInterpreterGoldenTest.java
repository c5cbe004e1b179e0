package io.github.ptq4vm.compiler.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.ptq4vm.compiler.SmallModels;
import io.github.ptq4vm.compiler.Values;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.compiler.checkpoint.SharedFiles;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Observer;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Section;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits and intermediate values of the authors' own modules, in float32. */
class TensorInterpreterGoldenTest {

  private static JsonObject golden(String file, String model) throws IOException {
    return JsonParser.parseString(Files.readString(SharedFiles.path("fixtures/" + file)))
        .getAsJsonObject()
        .getAsJsonObject(model);
  }

  private static float[] floats(JsonArray array) {
    float[] floats = new float[array.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = array.get(i).getAsFloat();
    }
    return floats;
  }

  @Test
  void miniLogits() throws IOException {
    JsonObject golden = golden("golden_vim.json", "mini_vim");
    float[] expected =
        floats(golden.getAsJsonArray("outputs").get(0).getAsJsonObject().getAsJsonArray("values"));
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.miniFile(), 2)) {
      float[] logits = new BatchRunner(interpreter).logits(Values.images(2, 32), Linears.FLOAT);
      assertThat(logits).containsExactly(expected, within(1e-5f));
    }
  }

  @Test
  void miniIntermediates() throws IOException {
    JsonObject probes = golden("golden_vim.json", "mini_vim").getAsJsonObject("probes");
    Map<String, String> names = new LinkedHashMap<>();
    names.put("patch_embed#0", "patch_embed");
    for (int i = 0; i < 3; i++) {
      names.put("layers." + i + ".mixer#0", "layers." + i + ".mixer.out_proj");
      names.put("layers." + i + "#0", "layers." + i + ".mixer.out_proj");
      names.put("layers." + i + "#1", i == 0 ? "pos_embed" : "layers." + (i - 1));
    }
    assertThat(names.keySet()).containsExactlyInAnyOrderElementsOf(probes.keySet());
    Map<String, float[]> values = new HashMap<>();
    try (TensorInterpreter interpreter = new TensorInterpreter(SmallModels.miniFile(), 2)) {
      float[] stream = tokens(Values.images(2, 32));
      for (Section section : interpreter.network().sections()) {
        for (int i = 1; i <= section.operations().size(); i++) {
          Section part = new Section(section.name(), false, section.operations().subList(0, i));
          float[] value = interpreter.run(part, stream, 2, Linears.FLOAT, Observer.NONE);
          values.put(part.output(), value);
        }
        stream = values.get(section.output());
      }
    }
    names.forEach((probe, name) -> check(probe, values.get(name), probes.getAsJsonObject(probe)));
  }

  private static void check(String probe, float[] actual, JsonObject expected) {
    int size = 1;
    for (JsonElement extent : expected.getAsJsonArray("shape")) {
      size *= extent.getAsInt();
    }
    assertThat(actual).as(probe).hasSize(size);
    float[] first = floats(expected.getAsJsonArray("first6"));
    for (int i = 0; i < first.length; i++) {
      assertThat(actual[i]).as("%s [%d]", probe, i).isCloseTo(first[i], within(1e-5f));
    }
    double sum = 0;
    double magnitude = 0;
    for (float v : actual) {
      sum += v;
      magnitude += Math.abs(v);
    }
    assertThat(sum).as(probe).isCloseTo(expected.get("sum").getAsDouble(), within(2e-4));
    assertThat(magnitude).as(probe).isCloseTo(expected.get("abssum").getAsDouble(), within(2e-4));
  }

  /** Pixels of planar images as tokens. */
  private static float[] tokens(float[][] images) {
    float[] tokens = new float[images.length * images[0].length];
    int pixels = images[0].length / 3;
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = images[i / 3 / pixels][i % 3 * pixels + i / 3 % pixels];
    }
    return tokens;
  }

  @ParameterizedTest
  @ValueSource(strings = {"vim_tiny", "vim_tiny_stride8", "vim_base"})
  void fullSizeLogits(String name) throws IOException {
    JsonObject golden = golden("golden_full.json", name);
    Model model = FillerModels.byName(name);
    float[] logits;
    try (TensorInterpreter interpreter = new TensorInterpreter(model, 2)) {
      logits = new BatchRunner(interpreter).logits(Values.images(1, 224), Linears.FLOAT);
    }
    float[] first = floats(golden.getAsJsonArray("first8"));
    for (int i = 0; i < first.length; i++) {
      assertThat(logits[i]).as("logit %d", i).isCloseTo(first[i], within(1e-4f));
    }
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
    JsonArray top = golden.getAsJsonArray("top5");
    for (int i = 0; i < top.size(); i++) {
      JsonArray pair = top.get(i).getAsJsonArray();
      assertThat(order[i]).as("place %d", i + 1).isEqualTo(pair.get(0).getAsInt());
      assertThat(logits[order[i]]).isCloseTo(pair.get(1).getAsFloat(), within(1e-4f));
    }
    double sum = 0;
    double squares = 0;
    for (float logit : logits) {
      sum += logit;
      squares += (double) logit * logit;
    }
    // A thousand logits, each within 1e-5 or so: their sum deserves a wider bound.
    assertThat(sum).isCloseTo(golden.get("sum").getAsDouble(), within(1e-2));
    assertThat(Math.sqrt(squares)).isCloseTo(golden.get("l2").getAsDouble(), within(1e-4));
  }
}
