package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VisionMamba;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Logits and intermediate values of the authors' modules, on both providers. */
class GoldenVimTest {
  static final List<CpuKernels> PROVIDERS = Providers.ALL;

  private static final VisionMamba MINI = new VisionMamba(32, 64, 3, 16, 2, 4, 8, 8, 32, 10);

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void miniLogits(CpuKernels kernels) throws IOException {
    JsonObject golden = SharedData.json("golden_vim.json").getAsJsonObject("mini_vim");
    JsonObject output = golden.getAsJsonArray("outputs").get(0).getAsJsonObject();
    float[] expected = floats(output.getAsJsonArray("values"));
    try (CpuExecutor executor = new CpuExecutor(Filler.model(MINI.network()), 1, kernels)) {
      float[][] logits = executor.run(Filler.images(2, 32, 32));
      for (int i = 0; i < expected.length; i++) {
        assertThat(logits[i / 10][i % 10])
            .as("image %d logit %d", i / 10, i % 10)
            .isCloseTo(expected[i], within(1e-5f));
      }
    }
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void miniIntermediates(CpuKernels kernels) throws IOException {
    JsonObject probes =
        SharedData.json("golden_vim.json").getAsJsonObject("mini_vim").getAsJsonObject("probes");
    Map<String, String> names = new LinkedHashMap<>();
    names.put("patch_embed#0", "patch_embed");
    for (int i = 0; i < 3; i++) {
      names.put("layers." + i + ".mixer#0", "layers." + i + ".mixer.out_proj");
      names.put("layers." + i + "#1", i == 0 ? "pos_embed" : "layers." + (i - 1));
    }
    float[][] images = Filler.images(2, 32, 32);
    try (CpuExecutor executor = new CpuExecutor(Filler.model(MINI.network()), 1, kernels)) {
      Map<String, float[]> first = executor.trace(images[0], Set.copyOf(names.values()));
      Map<String, float[]> second = executor.trace(images[1], Set.copyOf(names.values()));
      names.forEach(
          (probe, value) -> {
            JsonObject expected = probes.getAsJsonObject(probe);
            float[] six = floats(expected.getAsJsonArray("first6"));
            for (int i = 0; i < six.length; i++) {
              assertThat(first.get(value)[i]).as(probe).isCloseTo(six[i], within(1e-5f));
            }
            Offset<Double> bound = within(1e-3);
            double sum = 0;
            double magnitude = 0;
            for (float[] values : List.of(first.get(value), second.get(value))) {
              for (float v : values) {
                sum += v;
                magnitude += Math.abs(v);
              }
            }
            assertThat(sum).as(probe).isCloseTo(expected.get("sum").getAsDouble(), bound);
            assertThat(magnitude).as(probe).isCloseTo(expected.get("abssum").getAsDouble(), bound);
          });
    }
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void tiny(CpuKernels kernels) throws IOException {
    full("vim_tiny", vim(192, 384, 12, 16), kernels);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void tinyStride8(CpuKernels kernels) throws IOException {
    full("vim_tiny_stride8", vim(192, 384, 12, 8), kernels);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void base(CpuKernels kernels) throws IOException {
    full("vim_base", vim(768, 1536, 48, 16), kernels);
  }

  private static Network vim(int dim, int inner, int rank, int stride) {
    return new VisionMamba(dim, inner, 24, 16, rank, 4, 16, stride, 224, 1000).network();
  }

  /** Checks what is known of the 1000 logits of a released size. */
  static void full(String name, Network network, CpuKernels kernels) throws IOException {
    JsonObject golden = SharedData.json("golden_full.json").getAsJsonObject(name);
    Model model = Filler.model(network);
    float[] logits;
    try (CpuExecutor executor = new CpuExecutor(model, 2, kernels)) {
      logits = executor.run(Filler.images(1, 224, 224))[0];
    }
    float[] first = floats(golden.getAsJsonArray("first8"));
    for (int i = 0; i < first.length; i++) {
      assertThat(logits[i]).isCloseTo(first[i], within(1e-4f));
    }
    for (var top : golden.getAsJsonArray("top5")) {
      JsonArray pair = top.getAsJsonArray();
      assertThat(logits[pair.get(0).getAsInt()]).isCloseTo(pair.get(1).getAsFloat(), within(1e-4f));
    }
    double squares = 0;
    for (float logit : logits) {
      squares += logit * logit;
    }
    assertThat(Math.sqrt(squares)).isCloseTo(golden.get("l2").getAsDouble(), within(1e-3));
  }

  static float[] floats(JsonArray array) {
    float[] floats = new float[array.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = array.get(i).getAsFloat();
    }
    return floats;
  }
}
