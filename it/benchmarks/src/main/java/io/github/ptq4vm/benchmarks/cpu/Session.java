package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.ptq4vm.benchmarks.KernelProfile;
import io.github.ptq4vm.benchmarks.ThreadClock;
import io.github.ptq4vm.benchmarks.gpu.Bits;
import io.github.ptq4vm.benchmarks.synthetic.RecipePlan;
import io.github.ptq4vm.benchmarks.synthetic.SyntheticModels;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.checkpoint.Filler;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The network a worker has open. */
final class Session implements AutoCloseable {
  private String key = "";
  private @Nullable Model model;
  private @Nullable CpuExecutor executor;
  private float[][] images = {};

  /** Opens a network; one of the same weights is not made anew. */
  JsonObject open(JsonObject request) {
    String recipe = request.get("recipe").getAsString();
    String variant = request.get("variant").getAsString();
    String name = request.get("model").getAsString();
    int side = request.get("side").getAsInt();
    String wanted = String.join(" ", name, String.valueOf(side), recipe, variant);
    close();
    if (!wanted.equals(key)) {
      model = null;
      model = model(name, side, recipe, variant);
      key = wanted;
    }
    Model open = Objects.requireNonNull(model);
    CpuExecutor made = new CpuExecutor(open, request.get("threads").getAsInt());
    executor = made;
    float[] image = image(open.network());
    images = new float[request.get("batch").getAsInt()][];
    Arrays.fill(images, image);
    JsonObject answer = new JsonObject();
    answer.addProperty("version", made.provider());
    return answer;
  }

  private static Model model(String name, int side, String recipe, String variant) {
    Model floats = FillerModels.byName(name, ImageSize.square(side));
    if (recipe.equals(Ask.FLOAT)) {
      return floats;
    }
    Bits bits = Bits.of(variant);
    return SyntheticModels.quantize(
        floats,
        RecipePlan.valueOf(recipe.toUpperCase(Locale.ROOT)),
        bits.weights(),
        bits.activations());
  }

  /** The filler image, plane after plane: the one that peers see. */
  private static float[] image(Network network) {
    int area = network.height() * network.width();
    float[] pixels = Filler.image(0, network.height(), network.width()).data();
    float[] planes = new float[pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      planes[i % 3 * area + i / 3] = pixels[i];
    }
    return planes;
  }

  /** Wall and processor time of runs in nanoseconds. */
  JsonObject run(int runs) {
    CpuExecutor open = executor();
    ThreadClock clock = new ThreadClock();
    JsonArray wall = new JsonArray();
    JsonArray processor = new JsonArray();
    for (int i = 0; i < runs; i++) {
      long used = clock.getAsLong();
      long start = System.nanoTime();
      open.run(images);
      wall.add(System.nanoTime() - start);
      processor.add(clock.getAsLong() - used);
    }
    JsonObject answer = new JsonObject();
    answer.add("wall", wall);
    answer.add("processor", processor);
    return answer;
  }

  /** Logits of the first image. */
  JsonObject logits() {
    JsonArray logits = new JsonArray();
    for (float logit : executor().run(images)[0]) {
      logits.add(logit);
    }
    JsonObject answer = new JsonObject();
    answer.add("logits", logits);
    return answer;
  }

  /** Where the time of an image goes, on one thread: by operation, and by class as sampled. */
  JsonObject profile(int runs) throws IOException {
    CpuExecutor open = executor();
    OperationProfile profile = new OperationProfile(Objects.requireNonNull(model).network());
    // Whoever compiles code that is new to it does so before anything is sampled.
    open.profile(images[0], runs);
    JsonObject answer = new JsonObject();
    try (KernelProfile classes = new KernelProfile()) {
      open.profile(images[0], runs).forEach(profile::add);
      answer.addProperty("classes", KernelProfile.markdown(classes.parts()));
    }
    answer.add("operations", profile.json());
    return answer;
  }

  private CpuExecutor executor() {
    if (executor == null) {
      throw new IllegalStateException("Nothing is open.");
    }
    return executor;
  }

  @Override
  public void close() {
    if (executor != null) {
      executor.close();
      executor = null;
    }
  }
}
