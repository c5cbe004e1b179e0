package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.ptq4vm.benchmarks.gpu.Bits;
import io.github.ptq4vm.benchmarks.synthetic.SyntheticModels;
import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.Recipe.Method;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.compiler.learn.Jlss;
import io.github.ptq4vm.compiler.quantize.BlockCalibration;
import io.github.ptq4vm.compiler.quantize.ClippingSearch;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Section;
import java.util.List;
import java.util.stream.IntStream;

/** Steps of the compiler's learning on the first block of a model with filler weights. */
final class LearningTask {
  private static final double ALPHA = 0.5;

  /** One image in so many does not learn. */
  private static final int JUDGING = 8;

  /** A judge that never changes its mind, and costs nothing: steps are what is timed. */
  private static final double[] NO_OPINION = {0, 0};

  private LearningTask() {}

  /**
   * Learns.
   *
   * @param request "model", "variant", "batch" images a step, "threads", "steps"
   * @return nanoseconds of each step after which nothing was judged, under "wall"
   */
  static JsonObject measure(JsonObject request) {
    int batch = request.get("batch").getAsInt();
    int steps = request.get("steps").getAsInt();
    Bits bits = Bits.of(request.get("variant").getAsString());
    Model model = FillerModels.byName(request.get("model").getAsString());
    Network network = model.network();
    // Of those that learn there are enough for a batch.
    int images = Math.max(JUDGING, (batch * JUDGING + JUDGING - 2) / (JUDGING - 1));
    float[][] pixels =
        IntStream.range(0, images)
            .mapToObj(i -> SyntheticModels.image(network, i))
            .toArray(float[][]::new);
    try (TensorInterpreter interpreter =
        new TensorInterpreter(model, request.get("threads").getAsInt())) {
      List<Section> sections = network.sections();
      float[] stream =
          new BatchRunner(interpreter)
              .runFirst(sections.get(0), pixels, TensorInterpreter.Linears.FLOAT);
      Section block = sections.stream().filter(Section::block).findFirst().orElseThrow();
      BlockCalibration.Calibrated start =
          new BlockCalibration(interpreter, ALPHA, ClippingSearch.crossFitted())
              .calibrate(
                  block,
                  stream,
                  images,
                  List.of(QuantizationPlan.ptq4vm(bits.weights(), bits.activations())));
      Recipe defaults = Recipe.defaults();
      Recipe recipe =
          new Recipe(
              Method.PTQ4VM, defaults.alpha(), steps, batch, defaults.rate(), defaults.seed());
      JsonArray wall = new JsonArray();
      long[] last = {System.nanoTime()};
      boolean[] judged = {false};
      new Jlss(interpreter, recipe, block, images, stream, start.output())
          .learn(
              start.quantizers().get(0),
              output -> {
                judged[0] = true;
                return NO_OPINION;
              },
              step -> {
                long now = System.nanoTime();
                // A step after which outputs were made for the judges took longer than itself.
                if (!judged[0]) {
                  wall.add(now - last[0]);
                }
                judged[0] = false;
                last[0] = now;
              });
      JsonObject answer = new JsonObject();
      answer.add("wall", wall);
      return answer;
    }
  }
}
