package io.github.ptq4vm.benchmarks.gpu;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.ptq4vm.benchmarks.cost.FusedChain;
import io.github.ptq4vm.benchmarks.cost.Gpu;
import io.github.ptq4vm.benchmarks.cost.Launch;
import io.github.ptq4vm.benchmarks.synthetic.RecipePlan;
import io.github.ptq4vm.benchmarks.synthetic.ReleasedSize;
import io.github.ptq4vm.benchmarks.synthetic.SyntheticModels;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.network.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Times released model sizes on a device, with weights made on the spot; one JSON object a line, to
 * be put beside the peer's by {@link Summary}.
 */
@Command(
    name = "speed",
    description = "Latency of released model sizes on a device, a JSON object a line.",
    mixinStandardHelpOptions = true)
public final class Speed implements Callable<Integer> {
  private static final int WARM_UP = 5;
  private static final int LEAST_RUNS = 10;
  private static final int RUNS_BEFORE_A_LOOK_AT_THE_CLOCK = 10;

  @Spec private CommandSpec spec;

  @Option(
      names = "--device",
      defaultValue = "cpu",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Devices device;

  @Option(names = "--models", split = ",", description = "Models (default: all).")
  private List<String> models = ReleasedSize.ids();

  @Option(
      names = "--recipes",
      split = ",",
      defaultValue = "ptq4vm,auto",
      description = "Recipes (default: ${DEFAULT-VALUE}).")
  private List<RecipePlan> recipes;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w8a8,w4a4",
      description = "Precisions (default: ${DEFAULT-VALUE}).")
  private List<String> variants;

  @Option(
      names = "--batch",
      split = ",",
      defaultValue = "1,8,32,128,256",
      description = "Batch sizes (default: ${DEFAULT-VALUE}).")
  private int[] batches;

  @Option(
      names = "--seconds",
      defaultValue = "0.5",
      description = "Seconds of measuring a row (default: ${DEFAULT-VALUE}).")
  private double seconds;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  Speed() {}

  /** Runs the measurement and exits with its status. */
  public static void main(String[] arguments) {
    Commands.run(new Speed(), arguments);
  }

  @Override
  public Integer call() {
    for (String name : models) {
      ReleasedSize size =
          ReleasedSize.of(name)
              .orElseThrow(
                  () ->
                      new ParameterException(
                          spec.commandLine(),
                          "There is no model \"%s\"; there are %s."
                              .formatted(name, String.join(", ", ReleasedSize.ids()))));
      Model floats = FillerModels.fill(size.network());
      for (RecipePlan recipe : recipes) {
        for (String variant : variants) {
          measure(size, floats, recipe, Bits.of(variant));
        }
      }
    }
    return 0;
  }

  private void measure(ReleasedSize size, Model floats, RecipePlan recipe, Bits bits) {
    Model model = SyntheticModels.quantize(floats, recipe, bits.weights(), bits.activations());
    List<Launch> chain = FusedChain.of(model.network());
    try (Engine engine = device.open(model)) {
      for (int batch : batches) {
        float[][] images =
            IntStream.range(0, batch)
                .mapToObj(i -> SyntheticModels.image(model.network(), i))
                .toArray(float[][]::new);
        JsonObject row = new JsonObject();
        row.addProperty("peer", "ptq4vm");
        row.addProperty("model", size.id());
        row.addProperty("recipe", recipe.id());
        row.addProperty("variant", bits.toString());
        row.addProperty("batch", batch);
        row.addProperty("device", engine.name());
        row.addProperty("ms_first_call", call(engine, images));
        row.addProperty("ms_with_copies", call(engine, images));
        row.addProperty(
            "ms_h200_floor",
            1e3
                * chain.stream()
                    .mapToDouble(launch -> Gpu.H200_COPY.floor(launch.work(), batch))
                    .sum());
        try (Timing timing = engine.prepare(images)) {
          measure(timing, batch, row);
        }
        spec.commandLine().getOut().println(row);
      }
    }
  }

  /** Milliseconds of a call from arrays to arrays. */
  private static double call(Engine engine, float[][] images) {
    long start = System.nanoTime();
    engine.run(images);
    return (System.nanoTime() - start) / 1e6;
  }

  private void measure(Timing timing, int batch, JsonObject row) {
    long[] taken = times(timing);
    row.addProperty("ms_median", taken[taken.length / 2] / 1e6);
    row.addProperty("ms_fastest", taken[0] / 1e6);
    row.addProperty("images_per_s", 1e9 * batch / taken[taken.length / 2]);
    row.addProperty("runs", taken.length);
    JsonArray kernels = new JsonArray();
    for (Timing.KernelTime kernel : timing.kernels()) {
      JsonObject part = new JsonObject();
      part.addProperty("kernel", kernel.kernel());
      part.addProperty("launches", kernel.launches());
      part.addProperty("ms", kernel.milliseconds());
      kernels.add(part);
    }
    row.add("kernels", kernels);
  }

  /** Nanoseconds of runs, fastest first. */
  private long[] times(Timing timing) {
    timing.time(WARM_UP);
    List<Long> taken = new ArrayList<>();
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (taken.size() < LEAST_RUNS || System.nanoTime() < end) {
      Arrays.stream(timing.time(RUNS_BEFORE_A_LOOK_AT_THE_CLOCK)).forEach(taken::add);
    }
    return taken.stream().mapToLong(Long::longValue).sorted().toArray();
  }
}
