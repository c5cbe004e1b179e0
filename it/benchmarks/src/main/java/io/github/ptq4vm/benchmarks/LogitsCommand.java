package io.github.ptq4vm.benchmarks;

import com.google.gson.GsonBuilder;
import io.github.ptq4vm.compiler.checkpoint.Checkpoint;
import io.github.ptq4vm.compiler.checkpoint.Checkpoints;
import io.github.ptq4vm.compiler.checkpoint.Filler;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.compiler.checkpoint.ModelImporter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Section;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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

  @Option(names = "--layers", description = "Print the output of every section too.")
  private boolean layers;

  @Option(
      names = "--image-size",
      defaultValue = "224",
      description = "Side of the input in pixels (default: ${DEFAULT-VALUE}).")
  private int imageSize;

  @Option(
      names = "--threads",
      defaultValue = "${sys:ptq4vm.threads:-2}",
      description = "Threads (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Parameters(
      paramLabel = "<model>",
      description = "A released size with filler weights, e.g. vim_tiny; or a checkpoint file.")
  private String model;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  LogitsCommand() {}

  @Override
  public Integer call() {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("model", model);
    Map<String, float[]> outputs = outputs(load(), threads);
    if (layers) {
      answer.put("layers", outputs);
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
    if (FillerModels.names().contains(model)) {
      return FillerModels.byName(model, imageSize);
    }
    try (Checkpoint checkpoint = Checkpoints.open(Path.of(model), "model")) {
      return ModelImporter.load(checkpoint, ModelImporter.AUTO, imageSize, null).model();
    }
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
