package io.github.ptq4vm.benchmarks.gpu;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which kernels the compared networks launched in half precision. The kernel for linears in single
 * precision runs in the other way to store activations only, which has all of them.
 */
final class KernelCoverage {
  private static final String SINGLE = "dense_f32";

  private final Set<String> met = new TreeSet<>();

  void met(Set<String> kernels) {
    met.addAll(kernels);
  }

  /** Kernels that the runtime has and no network launched. */
  Set<String> missing() {
    Set<String> missing = all();
    missing.removeAll(met);
    missing.remove(SINGLE);
    return missing;
  }

  /** Kernels that were launched. */
  Set<String> met() {
    return met;
  }

  private static Set<String> all() {
    String file = "/io/github/ptq4vm/cuda/kernels.json";
    Set<String> names = new TreeSet<>();
    try (InputStream stream = KernelCoverage.class.getResourceAsStream(file)) {
      if (stream == null) {
        throw new IllegalStateException("The resource " + file + " is missing: build again.");
      }
      for (JsonElement kernel :
          JsonParser.parseReader(new InputStreamReader(stream, StandardCharsets.UTF_8))
              .getAsJsonObject()
              .getAsJsonArray("kernels")) {
        names.add(kernel.getAsJsonObject().get("name").getAsString());
      }
    } catch (IOException e) {
      throw new IllegalStateException("The resource " + file + " could not be read.", e);
    }
    return names;
  }
}
