package io.github.ptq4vm.artifact;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.Manifest;

/** What a model jar says about itself to tools that know nothing of models. */
final class JarDescription {

  private JarDescription() {}

  /** The jar's {@code MANIFEST.MF}. */
  static byte[] manifest(ModelDescription description) throws IOException {
    ModelId id = description.id();
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.putValue("Automatic-Module-Name", moduleName(id));
    attributes.put(Attributes.Name.IMPLEMENTATION_TITLE, id.artifactId() + " " + id.variant());
    attributes.put(Attributes.Name.IMPLEMENTATION_VERSION, id.version());
    attributes.put(Attributes.Name.IMPLEMENTATION_VENDOR, id.groupId());
    attributes.putValue("Ptq4vm-Format", Integer.toString(ArtifactFormat.VERSION));
    attributes.putValue("Ptq4vm-Model", id.groupId() + ":" + id.artifactId() + ":" + id.version());
    attributes.putValue("Ptq4vm-Variant", id.variant());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    manifest.write(out);
    return out.toByteArray();
  }

  /** The model's names as a legal module name, e.g. {@code com.acme.vim_tiny.w4a4}. */
  static String moduleName(ModelId id) {
    List<String> segments = new ArrayList<>();
    String all = id.groupId() + "." + id.artifactId() + "." + id.variant();
    for (String segment : all.split("\\.")) {
      if (!segment.isEmpty()) {
        String name = segment.replaceAll("[^A-Za-z0-9_]", "_");
        segments.add(isModuleName(name) ? name : "_" + name);
      }
    }
    return String.join(".", segments);
  }

  private static boolean isModuleName(String name) {
    try {
      ModuleDescriptor.newAutomaticModule(name);
      return true;
    } catch (IllegalArgumentException digitOrKeyword) {
      return false;
    }
  }

  /**
   * The model in a CycloneDX 1.6 bill of materials: an {@code machine-learning-model} component
   * with its files, licence and measurements.
   */
  static String billOfMaterials(
      ModelDescription description,
      String architecture,
      Map<String, FileDigest> files,
      Instant time) {
    ModelId id = description.id();
    JsonObject component = new JsonObject();
    component.addProperty("type", "machine-learning-model");
    component.addProperty("bom-ref", id.toString());
    component.addProperty("group", id.groupId());
    component.addProperty("name", id.artifactId());
    component.addProperty("version", id.version());
    component.addProperty(
        "purl",
        "pkg:maven/"
            + id.groupId()
            + "/"
            + id.artifactId()
            + "@"
            + id.version()
            + "?classifier="
            + id.variant());
    component.add("licenses", array(object("license", named(description.license()))));
    component.add("modelCard", modelCard(description, architecture));
    JsonArray components = new JsonArray();
    files.forEach((name, digest) -> components.add(file(id.directory() + name, digest)));
    JsonObject metadata = new JsonObject();
    metadata.addProperty("timestamp", time.toString());
    metadata.add("component", component);
    JsonObject bom = new JsonObject();
    bom.addProperty("bomFormat", "CycloneDX");
    bom.addProperty("specVersion", "1.6");
    bom.addProperty("version", 1);
    bom.add("metadata", metadata);
    bom.add("components", components);
    return JsonText.of(bom);
  }

  private static JsonObject modelCard(ModelDescription description, String architecture) {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("task", "image classification");
    parameters.addProperty("architectureFamily", "visual state space model");
    parameters.addProperty("modelArchitecture", architecture);
    JsonArray metrics = new JsonArray();
    description
        .metrics()
        .forEach(
            (name, value) -> {
              JsonObject metric = new JsonObject();
              metric.addProperty("type", name);
              metric.addProperty("value", value.toString());
              metrics.add(metric);
            });
    JsonObject card = new JsonObject();
    card.add("modelParameters", parameters);
    card.add("quantitativeAnalysis", object("performanceMetrics", metrics));
    return card;
  }

  private static JsonObject file(String name, FileDigest digest) {
    JsonObject hash = new JsonObject();
    hash.addProperty("alg", "SHA-256");
    hash.addProperty("content", digest.sha256());
    JsonObject file = named(name);
    file.addProperty("type", "file");
    file.add("hashes", array(hash));
    return file;
  }

  private static JsonObject named(String name) {
    JsonObject json = new JsonObject();
    json.addProperty("name", name);
    return json;
  }

  private static JsonObject object(String name, JsonElement value) {
    JsonObject json = new JsonObject();
    json.add(name, value);
    return json;
  }

  private static JsonArray array(JsonObject item) {
    JsonArray array = new JsonArray();
    array.add(item);
    return array;
  }
}
