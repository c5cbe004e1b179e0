package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.ptq4vm.compiler.checkpoint.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** What the authors' own modules computed from filler weights and the filler image. */
final class GoldenValues {
  private GoldenValues() {}

  /** The values of one model; skips the test where the file is not at hand. */
  static JsonObject of(String file, String model) throws IOException {
    return JsonParser.parseString(Files.readString(SharedFiles.path("fixtures/" + file)))
        .getAsJsonObject()
        .getAsJsonObject(model);
  }

  static List<Integer> integers(JsonArray array) {
    List<Integer> integers = new ArrayList<>();
    for (JsonElement element : array) {
      integers.add(element.getAsInt());
    }
    return integers;
  }

  private static float[] floats(JsonArray array) {
    float[] floats = new float[array.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = array.get(i).getAsFloat();
    }
    return floats;
  }

  /** Compares all logits of a small model. */
  static void checkLogits(String what, float[] actual, JsonObject golden, float bound) {
    assertThat(actual)
        .as(what)
        .containsExactly(floats(golden.getAsJsonArray("values")), within(bound));
  }

  /**
   * Compares a value with its summary.
   *
   * @param actual tokens and channels of each image, one image after the other
   * @param planes whether the authors hold it as planes, {@code [images, channels, height, width]},
   *     rather than as tokens
   */
  static void checkSummary(String what, float[] actual, JsonObject golden, boolean planes) {
    List<Integer> shape = integers(golden.getAsJsonArray("shape"));
    float[] values = planes ? planes(actual, shape.get(0), shape.get(1)) : actual;
    assertThat(values)
        .as(what + " of shape " + shape)
        .hasSize(shape.stream().mapToInt(i -> i).reduce(1, (a, b) -> a * b));
    float[] first = floats(golden.getAsJsonArray(golden.has("first6") ? "first6" : "first8"));
    for (int i = 0; i < first.length; i++) {
      assertThat(values[i]).as("%s [%d]", what, i).isCloseTo(first[i], within(1e-5f));
    }
    double sum = 0;
    double magnitude = 0;
    for (float v : values) {
      sum += v;
      magnitude += Math.abs(v);
    }
    double expected = golden.get("abssum").getAsDouble();
    double bound = 1e-4 + 1e-6 * expected;
    assertThat(sum).as(what).isCloseTo(golden.get("sum").getAsDouble(), within(bound));
    assertThat(magnitude).as(what).isCloseTo(expected, within(bound));
  }

  private static float[] planes(float[] tokens, int images, int channels) {
    float[] planes = new float[tokens.length];
    int positions = tokens.length / images / channels;
    for (int i = 0; i < tokens.length; i++) {
      int image = i / channels / positions;
      int position = i / channels % positions;
      planes[(image * channels + i % channels) * positions + position] = tokens[i];
    }
    return planes;
  }

  /** Compares the logits of a full-size model: the first, the largest, their sum and norm. */
  static void checkFullLogits(String what, float[] logits, JsonObject golden) {
    float[] first = floats(golden.getAsJsonArray("first8"));
    for (int i = 0; i < first.length; i++) {
      assertThat(logits[i]).as("%s, logit %d", what, i).isCloseTo(first[i], within(1e-4f));
    }
    JsonArray top = golden.getAsJsonArray("top5");
    float least = Float.POSITIVE_INFINITY;
    for (JsonElement element : top) {
      JsonArray pair = element.getAsJsonArray();
      float expected = pair.get(1).getAsFloat();
      assertThat(logits[pair.get(0).getAsInt()])
          .as("%s, logit %s", what, pair.get(0))
          .isCloseTo(expected, within(1e-4f));
      least = Math.min(least, expected);
    }
    int above = 0;
    double sum = 0;
    double squares = 0;
    for (float logit : logits) {
      above += logit > least + 1e-4f ? 1 : 0;
      sum += logit;
      squares += (double) logit * logit;
    }
    assertThat(above).as("%s, logits above the fifth", what).isLessThan(top.size());
    // A thousand logits, each within 1e-5 or so: their sum deserves a wider bound.
    assertThat(sum).as(what).isCloseTo(golden.get("sum").getAsDouble(), within(1e-2));
    assertThat(Math.sqrt(squares)).as(what).isCloseTo(golden.get("l2").getAsDouble(), within(1e-4));
  }
}
