package io.github.ptq4vm.benchmarks;

import com.google.gson.GsonBuilder;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.compiler.checkpoint.Checkpoint;
import io.github.ptq4vm.compiler.checkpoint.Checkpoints;
import io.github.ptq4vm.compiler.checkpoint.Filler;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.compiler.checkpoint.ModelImporter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.ValueShape;
import java.nio.file.Path;
import java.util.Arrays;
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

/**
 * Prints what a float model makes of the filler image, to compare with golden values or with
 * another implementation.
 */
@Command(
    name = "logits",
    description = "FP32 logits for the filler image, as JSON.",
    mixinStandardHelpOptions = true)
final class LogitsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** How much of every section's output is printed. */
  enum Layers {
    /** Nothing. */
    NONE,
    /** Shape, first values and sums. */
    SUMMARY,
    /** Every value besides. */
    FULL
  }

  /** What only a checkpoint has a use for. */
  private static final List<String> OF_A_CHECKPOINT =
      List.of(
          "--weights",
          "--architecture",
          "--stride",
          "--scan-directions",
          "--interpolate-positions");

  @Option(
      names = "--layers",
      arity = "0..1",
      defaultValue = "none",
      fallbackValue = "summary",
      paramLabel = "full",
      description = "Print a summary of every section's output too; =full adds every value.")
  private Layers layers;

  @Option(
      names = "--checkpoint",
      paramLabel = "<file>",
      description = "A checkpoint to take instead of filler weights.")
  private @Nullable Path checkpoint;

  @Option(
      names = "--weights",
      defaultValue = "model",
      description = "Which weights of the checkpoint (default: ${DEFAULT-VALUE}).")
  private String weights;

  @Option(
      names = "--architecture",
      defaultValue = ImportOptions.AUTO,
      description = "Family of the checkpoint (default: ${DEFAULT-VALUE}).")
  private String architecture;

  @Option(
      names = "--image-size",
      defaultValue = "224",
      description = "Side of the input in pixels, or HEIGHTxWIDTH (default: ${DEFAULT-VALUE}).")
  private String imageSize;

  @Option(names = "--stride", description = "Distance of the checkpoint's patches in pixels.")
  private @Nullable Integer stride;

  @Option(
      names = "--scan-directions",
      description = "Directions of the checkpoint's blocks, e.g. h,v,w2,w7;v,h_flip,w2,w2_flip.")
  private @Nullable String scanDirections;

  @Option(
      names = "--interpolate-positions",
      description = "Resize the checkpoint's positions to the image size.")
  private boolean interpolatePositions;

  @Option(
      names = "--threads",
      defaultValue = "${sys:ptq4vm.threads:-2}",
      description = "Threads (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Parameters(
      paramLabel = "<model>",
      arity = "0..1",
      description = "A released model, to be run with filler weights.")
  private @Nullable String name;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  LogitsCommand() {}

  /**
   * What there is to compare of a value; named as in the files of golden values.
   *
   * @param shape tokens and channels
   * @param first6 the first values
   * @param sum sum of all values
   * @param abssum sum of their magnitudes
   * @param values every value, or null where only a summary is wanted
   */
  record Summary(
      List<Integer> shape, float[] first6, double sum, double abssum, float @Nullable [] values) {
    private static final int FIRST = 6;

    static Summary of(ValueShape shape, float[] values, boolean full) {
      double sum = 0;
      double magnitude = 0;
      for (float value : values) {
        sum += value;
        magnitude += Math.abs(value);
      }
      return new Summary(
          List.of(shape.tokens(), shape.channels()),
          Arrays.copyOf(values, Math.min(FIRST, values.length)),
          sum,
          magnitude,
          full ? values : null);
    }
  }

  @Override
  public Integer call() {
    Model model = load();
    Map<String, float[]> outputs = outputs(model, threads);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("model", checkpoint == null ? name : checkpoint.toString());
    answer.put("network", model.network().architecture());
    answer.put("imageSize", List.of(model.network().height(), model.network().width()));
    if (layers != Layers.NONE) {
      Map<String, Summary> summaries = new LinkedHashMap<>();
      for (Section section : model.network().sections()) {
        summaries.put(
            section.name(),
            Summary.of(
                model.network().shape(section.output()),
                outputs.get(section.name()),
                layers == Layers.FULL));
      }
      answer.put("layers", summaries);
    }
    float[] logits = new float[0];
    for (float[] output : outputs.values()) {
      logits = output;
    }
    answer.put("logits", logits);
    spec.commandLine().getOut().println(new GsonBuilder().create().toJson(answer));
    return 0;
  }

  private Model load() {
    ImageSize size = ImageSize.parse(imageSize, "--image-size");
    if (checkpoint != null && name == null) {
      try (Checkpoint open = Checkpoints.open(checkpoint, weights)) {
        return ModelImporter.load(
                open,
                new ImportOptions(architecture, size, stride, scanDirections, interpolatePositions))
            .model();
      }
    }
    if (checkpoint != null || name == null || !FillerModels.names().contains(name)) {
      throw new ParameterException(
          spec.commandLine(),
          "Give --checkpoint with a file, or else the name of a released model: %s."
              .formatted(String.join(", ", FillerModels.names())));
    }
    for (String option : OF_A_CHECKPOINT) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new ParameterException(
            spec.commandLine(),
            "%s has no meaning for the released model %s with filler weights. Leave it out, or give"
                    .formatted(option, name)
                + " --checkpoint with a file instead of the name.");
      }
    }
    return FillerModels.byName(name, size);
  }

  /** Output of each section for the first filler image, in order; the last are the logits. */
  static Map<String, float[]> outputs(Model model, int threads) {
    Map<String, float[]> outputs = new LinkedHashMap<>();
    try (TensorInterpreter interpreter = new TensorInterpreter(model, threads)) {
      float[] value = Filler.image(0, model.network().height(), model.network().width()).data();
      for (Section section : model.network().sections()) {
        value =
            interpreter.run(
                section,
                value,
                1,
                TensorInterpreter.Linears.FLOAT,
                TensorInterpreter.Observer.NONE);
        outputs.put(section.name(), value);
      }
    }
    return outputs;
  }
}
