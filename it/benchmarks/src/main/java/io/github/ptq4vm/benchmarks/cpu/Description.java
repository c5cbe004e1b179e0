package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Map;
import java.util.stream.Collectors;

/** What a rival says of itself, in words. */
final class Description {
  private Description() {}

  /** The version, then whatever else there is. */
  static String of(JsonObject answer) {
    return answer.entrySet().stream().map(Description::words).collect(Collectors.joining("; "));
  }

  private static String words(Map.Entry<String, JsonElement> entry) {
    String value = entry.getValue().getAsString();
    return entry.getKey().equals("version") ? value : entry.getKey() + ": " + value;
  }
}
