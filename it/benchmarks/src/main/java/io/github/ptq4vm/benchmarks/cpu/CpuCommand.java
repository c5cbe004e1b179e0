package io.github.ptq4vm.benchmarks.cpu;

import io.github.ptq4vm.benchmarks.Arguments;
import io.github.ptq4vm.benchmarks.Machine;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Prints the processor's figures: each part is a section of Markdown. */
@Command(
    name = "cpu",
    description = "The executor beside PyTorch and ONNX Runtime on the same cores, as Markdown.",
    mixinStandardHelpOptions = true)
public final class CpuCommand implements Callable<Integer> {
  private static final int NOT_MET = 1;
  private static final int LEAST_PAIRS = 3;

  /** What can be printed. */
  enum Part {
    /** Whether the peer computes the same. */
    PARITY,
    /** Latency beside the peers, in turns. */
    LATENCY,
    /** Where the time of an image goes. */
    OPERATIONS,
    /** Cost against tokens, batch and threads. */
    SCALING,
    /** A learning step beside PyTorch's. */
    LEARNING
  }

  @Spec private CommandSpec spec;

  @Option(names = "--parts", split = ",", description = "${COMPLETION-CANDIDATES} (default: all).")
  private List<Part> parts = List.of(Part.values());

  @Option(
      names = "--models",
      split = ",",
      defaultValue = "vim_tiny,vmamba_t_s1l8",
      description = "Models with filler weights (default: ${DEFAULT-VALUE}).")
  private List<String> models;

  @Option(
      names = "--kernels",
      split = ",",
      defaultValue = "no flag,vector,onednn,chosen",
      description =
          "Kernels: a provider's name; \"no flag\" for what a user gets without flag and native"
              + " library; \"chosen\" for what the runtime takes of all there is (default:"
              + " ${DEFAULT-VALUE}).")
  private List<String> kernels;

  @Option(
      names = "--recipes",
      split = ",",
      defaultValue = "ptq4vm,auto,float",
      description = "Recipes, float for float32 (default: ${DEFAULT-VALUE}).")
  private List<String> recipes;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w8a8,w4a4",
      description = "Precisions (default: ${DEFAULT-VALUE}).")
  private List<String> variants;

  @Option(
      names = "--threads",
      split = ",",
      defaultValue = "1,2",
      description = "Numbers of threads (default: ${DEFAULT-VALUE}).")
  private int[] threads;

  @Option(
      names = "--batch",
      split = ",",
      defaultValue = "1,8",
      description = "Batch sizes of the latency part (default: ${DEFAULT-VALUE}).")
  private int[] batches;

  @Option(
      names = "--sides",
      split = ",",
      defaultValue = "224,432,896",
      description = "Image sizes of the scaling part, pixels (default: ${DEFAULT-VALUE}).")
  private int[] sides;

  @Option(
      names = "--batches",
      split = ",",
      defaultValue = "1,2,4,8,16,32,64",
      description = "Batch sizes of the scaling part (default: ${DEFAULT-VALUE}).")
  private int[] scalingBatches;

  @Option(
      names = "--seconds",
      defaultValue = "4",
      description = "Of measuring a row (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "4",
      description = "Seconds of processor time before a row (default: ${DEFAULT-VALUE}).")
  private double warmUp;

  @Option(
      names = "--pairs",
      defaultValue = "51",
      description = "Runs of a row at most (default: ${DEFAULT-VALUE}).")
  private int pairs;

  @Option(
      names = "--steps",
      defaultValue = "12",
      description = "Steps of the learning part (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--learning-batch",
      defaultValue = "32",
      description = "Images a learning step sees (default: ${DEFAULT-VALUE}).")
  private int learningBatch;

  @Option(
      names = "--peers",
      defaultValue = "it/benchmarks/cpu",
      description = "Folder of the peers' scripts (default: ${DEFAULT-VALUE}).")
  private Path folder;

  @Option(
      names = "--plot",
      description = "File for the plot of the scaling part, SVG (default: none).")
  private @Nullable Path plot;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  public CpuCommand() {}

  @Override
  public Integer call() throws IOException {
    for (String model : models) {
      if (!FillerModels.names().contains(model)) {
        throw new ParameterException(
            spec.commandLine(),
            "There is no model \"%s\"; there are %s."
                .formatted(model, String.join(", ", FillerModels.names())));
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(Machine.header(Arguments.of(spec)));
    out.printf("Vectors: %s%n", Machine.vectors());
    out.printf(
        "Load before: %s. Where that is more than 0, others shared the machine: milliseconds are"
            + " too long then,%nand ratios count, above all those of processor time.%n",
        Machine.load());
    boolean met = true;
    Turns.Patience patience = new Turns.Patience(LEAST_PAIRS, pairs, seconds, warmUp);
    if (parts.contains(Part.PARITY)) {
      met &= new ParityPart(folder, out).print(models);
    }
    if (parts.contains(Part.LATENCY)) {
      LatencyPart latency = new LatencyPart(folder, patience, out);
      for (String model : models) {
        latency.print(model, kernels, recipes, variants, threads, batches);
      }
      met &= latency.criteria();
    }
    if (parts.contains(Part.OPERATIONS)) {
      OperationsPart operations = new OperationsPart(out, pairs);
      for (String model : models) {
        operations.print(model, kernels, recipes, variants);
      }
    }
    if (parts.contains(Part.SCALING)) {
      ScalingPart scaling = new ScalingPart(patience, out);
      scaling.print(kernels, variants, threads, sides, scalingBatches);
      if (plot != null) {
        scaling.plot(plot);
      }
    }
    if (parts.contains(Part.LEARNING)) {
      met &=
          new LearningPart(folder, out)
              .print(models.get(0), variants.get(0), learningBatch, steps, threads);
    }
    out.printf("%nLoad after: %s%n", Machine.load());
    return met ? 0 : NOT_MET;
  }
}
