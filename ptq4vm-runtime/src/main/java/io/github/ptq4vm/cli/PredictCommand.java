package io.github.ptq4vm.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.github.ptq4vm.Device;
import io.github.ptq4vm.Prediction;
import io.github.ptq4vm.QuantizedModel;
import io.github.ptq4vm.RunOptions;
import io.github.ptq4vm.image.ImageException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Classifies images and prints a JSON object a line, in the order of the arguments. */
@Command(
    name = "predict",
    description = "Classifies images; prints one JSON object a line.",
    mixinStandardHelpOptions = true)
final class PredictCommand implements Callable<Integer> {

  private static final int BATCH = 16;

  private final Gson gson = new GsonBuilder().disableHtmlEscaping().create();

  @Spec private CommandSpec spec;

  @Option(names = "--model", required = true, description = "Jar of the model.")
  private Path model;

  @Option(names = "--top-k", description = "Predictions an image (default: ${DEFAULT-VALUE}).")
  private int top = QuantizedModel.TOP;

  @Option(names = "--threads", description = "Threads; 0 for one a processor (the default).")
  private int threads;

  @Option(
      names = "--device",
      description = "auto (the default), cpu or cuda: where the model runs.")
  private Device device = Device.AUTO;

  @Option(names = "--logits", description = "Print the logits too.")
  private boolean withLogits;

  @Parameters(
      arity = "1..*",
      paramLabel = "<image or directory>",
      description = "Images; of a directory, every JPEG and PNG file below it.")
  private List<Path> paths;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  PredictCommand() {}

  /** An image in a batch: its tensor, or why there is none. */
  private record Prepared(Path file, float @Nullable [] tensor, @Nullable String error) {}

  @Override
  public Integer call() {
    if (top < 1 || threads < 0) {
      throw new ParameterException(
          spec.commandLine(), "--top-k should be at least 1 and --threads at least 0.");
    }
    boolean allWell = true;
    try (QuantizedModel loaded = QuantizedModel.load(model, new RunOptions(device, threads))) {
      List<Prepared> batch = new ArrayList<>();
      Iterator<ImageFiles.Found> files = ImageFiles.below(paths).iterator();
      while (files.hasNext()) {
        batch.add(prepare(loaded, files.next()));
        if (batch.size() == BATCH || !files.hasNext()) {
          allWell &= answer(loaded, batch);
          batch.clear();
        }
      }
    }
    return allWell ? 0 : Main.IMAGE_PROBLEM;
  }

  private static Prepared prepare(QuantizedModel loaded, ImageFiles.Found found) {
    if (found.error() != null) {
      return new Prepared(found.file(), null, found.error());
    }
    try {
      return new Prepared(found.file(), loaded.preprocess(found.file()), null);
    } catch (ImageException e) {
      return new Prepared(found.file(), null, e.getMessage());
    }
  }

  private boolean answer(QuantizedModel loaded, List<Prepared> batch) {
    PrintWriter out = spec.commandLine().getOut();
    float[][] tensors =
        batch.stream().map(Prepared::tensor).filter(t -> t != null).toArray(float[][]::new);
    float[][] logits = loaded.logits(tensors);
    int next = 0;
    for (Prepared image : batch) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("file", image.file().toString());
      if (image.error() != null) {
        line.put("error", image.error());
      } else {
        List<Prediction> predictions = loaded.topK(logits[next], top);
        line.put("predictions", predictions);
        if (withLogits) {
          line.put("logits", logits[next]);
        }
        next++;
      }
      out.println(gson.toJson(line));
    }
    out.flush();
    return tensors.length == batch.size();
  }
}
