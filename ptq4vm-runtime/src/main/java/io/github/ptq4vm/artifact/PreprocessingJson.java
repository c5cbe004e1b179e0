package io.github.ptq4vm.artifact;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.ptq4vm.UnsupportedModelException;
import io.github.ptq4vm.image.Preprocessing;
import io.github.ptq4vm.image.Preprocessing.Interpolation;
import java.util.List;
import java.util.Locale;

/** Preprocessing as {@code preprocess.json} and back. */
final class PreprocessingJson {

  private PreprocessingJson() {}

  /** The text of a preprocessing. */
  static String write(Preprocessing preprocessing) {
    JsonObject json = new JsonObject();
    json.addProperty("resize", preprocessing.resize());
    json.addProperty("crop", preprocessing.crop());
    json.addProperty(
        "interpolation", preprocessing.interpolation().name().toLowerCase(Locale.ROOT));
    json.add("mean", write(preprocessing.mean()));
    json.add("std", write(preprocessing.std()));
    return JsonText.of(json);
  }

  /**
   * Reads a preprocessing.
   *
   * @param document what messages call the document
   * @param minRuntimeVersion the oldest runtime that knows the model, for messages
   * @throws UnsupportedModelException if there is an unknown field or filter
   */
  static Preprocessing read(byte[] utf8, String document, String minRuntimeVersion) {
    JsonValue json = JsonValue.parse(utf8, document);
    json.requireOnly("resize", "crop", "interpolation", "mean", "std");
    return NetworkJson.checked(
        json,
        () ->
            new Preprocessing(
                json.field("resize").integer(0, Integer.MAX_VALUE),
                json.field("crop").integer(0, Integer.MAX_VALUE),
                readInterpolation(json.field("interpolation"), minRuntimeVersion),
                readList(json.field("mean")),
                readList(json.field("std"))));
  }

  private static Interpolation readInterpolation(JsonValue json, String minRuntimeVersion) {
    for (Interpolation interpolation : Interpolation.values()) {
      if (interpolation.name().toLowerCase(Locale.ROOT).equals(json.string())) {
        return interpolation;
      }
    }
    throw RecordJson.unsupported(json, "is a filter", minRuntimeVersion);
  }

  private static JsonArray write(List<Double> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }

  private static List<Double> readList(JsonValue json) {
    return json.elements().stream().map(JsonValue::number).toList();
  }
}
