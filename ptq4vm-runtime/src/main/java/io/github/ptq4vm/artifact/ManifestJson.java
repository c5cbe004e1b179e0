package io.github.ptq4vm.artifact;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.UnsupportedModelException;
import io.github.ptq4vm.artifact.ModelDescription.Calibration;
import io.github.ptq4vm.artifact.ModelDescription.Quantization;
import io.github.ptq4vm.artifact.ModelDescription.Source;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A manifest as {@code model.json} and back. The same manifest always gives the same text. Reading
 * ignores unknown fields outside the operation list: a newer writer may say more.
 */
final class ManifestJson {

  private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}");

  private ManifestJson() {}

  /** The text of a manifest. */
  static String write(Manifest manifest) {
    ModelDescription description = manifest.description();
    JsonObject json = new JsonObject();
    json.addProperty("formatVersion", manifest.formatVersion());
    json.addProperty("minRuntimeVersion", manifest.minRuntimeVersion());
    json.add("id", write(description.id()));
    json.addProperty("license", description.license());
    json.add("quantization", write(description.quantization()));
    json.add("source", write(description.source()));
    json.add("calibration", write(description.calibration()));
    json.add(
        "recipe", map(description.recipe(), (o, e) -> o.addProperty(e.getKey(), e.getValue())));
    json.add(
        "metrics", map(description.metrics(), (o, e) -> o.addProperty(e.getKey(), e.getValue())));
    json.add(
        "toolchain",
        map(description.toolchain(), (o, e) -> o.addProperty(e.getKey(), e.getValue())));
    json.add("files", map(manifest.files(), (o, e) -> o.add(e.getKey(), write(e.getValue()))));
    json.add("network", NetworkJson.write(manifest.network()));
    return JsonText.of(json);
  }

  /**
   * Reads a manifest.
   *
   * @param document what messages call the document
   * @throws UnsupportedModelException if it is of another format version or needs a newer runtime
   * @throws CorruptModelException if something is missing, of another type or out of range
   */
  static Manifest read(byte[] utf8, String document) {
    JsonValue json = JsonValue.parse(utf8, document);
    int version = json.field("formatVersion").integer(1, Integer.MAX_VALUE);
    String minRuntime = json.field("minRuntimeVersion").string();
    if (version != ArtifactFormat.VERSION) {
      throw new UnsupportedModelException(
          document
              + " is of format version "
              + version
              + ", but this runtime ("
              + ArtifactFormat.RUNTIME_VERSION
              + ") reads version "
              + ArtifactFormat.VERSION
              + ". Use ptq4vm-runtime "
              + minRuntime
              + " or newer.");
    }
    return new Manifest(
        version,
        minRuntime,
        NetworkJson.checked(json, () -> readDescription(json)),
        NetworkJson.read(json.field("network"), minRuntime),
        readFiles(json.field("files")));
  }

  private static ModelDescription readDescription(JsonValue json) {
    JsonValue id = json.field("id");
    JsonValue quantization = json.field("quantization");
    JsonValue source = json.field("source");
    JsonValue calibration = json.field("calibration");
    List<JsonValue> floatLinears = quantization.field("floatLinears").elements();
    return new ModelDescription(
        new ModelId(
            id.field("groupId").string(),
            id.field("artifactId").string(),
            id.field("version").string(),
            id.field("variant").string()),
        new Quantization(
            quantization.field("scheme").string(),
            quantization.field("weightBits").integer(1, 32),
            quantization.field("activationBits").integer(1, 32),
            quantization.field("packing").string(),
            floatLinears.stream().map(JsonValue::string).toList()),
        new Source(source.field("checkpoint").string(), source.field("sha256").string()),
        new Calibration(
            calibration.field("count").integer(0, Integer.MAX_VALUE),
            calibration.field("sha256").string(),
            calibration.field("selection").string(),
            calibration.field("seed").longInteger(Long.MIN_VALUE, Long.MAX_VALUE)),
        readMap(json.field("recipe"), JsonValue::string),
        readMap(json.field("metrics"), JsonValue::number),
        json.field("license").string(),
        readMap(json.field("toolchain"), JsonValue::string));
  }

  private static SortedMap<String, FileDigest> readFiles(JsonValue json) {
    SortedMap<String, FileDigest> files = new TreeMap<>();
    for (String name : json.names()) {
      JsonValue file = json.field(name);
      if (!FILE_NAME.matcher(name).matches()) {
        throw file.corrupt("should be a plain file name");
      }
      files.put(
          name,
          NetworkJson.checked(
              file,
              () ->
                  new FileDigest(
                      file.field("size").longInteger(0, Long.MAX_VALUE),
                      file.field("sha256").string())));
    }
    return files;
  }

  private static <T> SortedMap<String, T> readMap(JsonValue json, Function<JsonValue, T> read) {
    SortedMap<String, T> map = new TreeMap<>();
    json.names().forEach(name -> map.put(name, read.apply(json.field(name))));
    return map;
  }

  private static <T> JsonObject map(
      SortedMap<String, T> map, BiConsumer<JsonObject, Map.Entry<String, T>> add) {
    JsonObject json = new JsonObject();
    map.entrySet().forEach(entry -> add.accept(json, entry));
    return json;
  }

  private static JsonObject write(ModelId id) {
    JsonObject json = new JsonObject();
    json.addProperty("groupId", id.groupId());
    json.addProperty("artifactId", id.artifactId());
    json.addProperty("version", id.version());
    json.addProperty("variant", id.variant());
    return json;
  }

  private static JsonObject write(Quantization quantization) {
    JsonArray floatLinears = new JsonArray();
    quantization.floatLinears().forEach(floatLinears::add);
    JsonObject json = new JsonObject();
    json.addProperty("scheme", quantization.scheme());
    json.addProperty("weightBits", quantization.weightBits());
    json.addProperty("activationBits", quantization.activationBits());
    json.addProperty("packing", quantization.packing());
    json.add("floatLinears", floatLinears);
    return json;
  }

  private static JsonObject write(Source source) {
    JsonObject json = new JsonObject();
    json.addProperty("checkpoint", source.checkpoint());
    json.addProperty("sha256", source.sha256());
    return json;
  }

  private static JsonObject write(Calibration calibration) {
    JsonObject json = new JsonObject();
    json.addProperty("count", calibration.count());
    json.addProperty("sha256", calibration.sha256());
    json.addProperty("selection", calibration.selection());
    json.addProperty("seed", calibration.seed());
    return json;
  }

  private static JsonObject write(FileDigest digest) {
    JsonObject json = new JsonObject();
    json.addProperty("size", digest.size());
    json.addProperty("sha256", digest.sha256());
    return json;
  }
}
