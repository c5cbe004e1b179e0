package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.artifact.ArtifactContent;
import io.github.ptq4vm.artifact.ModelLocator;
import io.github.ptq4vm.benchmarks.synthetic.RecipePlan;
import io.github.ptq4vm.benchmarks.synthetic.SyntheticModels;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.network.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Compares a device's logits with the processor's, for networks of every family, recipes, widths
 * and batch sizes. Exit status 0 means that all are within bounds, 1 that some are not.
 */
@Command(
    name = "parity",
    description = "A device's logits against the processor's, as Markdown.",
    mixinStandardHelpOptions = true)
public final class Parity implements Callable<Integer> {
  private static final int NOT_MET = 1;

  @Spec private CommandSpec spec;

  @Option(
      names = "--device",
      defaultValue = "cpu",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Devices device;

  @Option(
      names = "--models",
      split = ",",
      defaultValue =
          "vim_tiny@64,vmamba_t_s1l8@64,vmamba_v0_t@64,local_vim_tiny@64,"
              + "local_vim_tiny_middle_cls_token@64,local_vssm_tiny@64,"
              + "vim_tiny@224,vmamba_t_s1l8@224,vim_tiny@64x256,vmamba_t_s1l8@64x256",
      description =
          "Models, the image's side behind an @, and for one large batch its images behind an x"
              + " (default: ${DEFAULT-VALUE}).")
  private List<String> models;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w8a8,w6a6,w4a8,w4a4",
      description = "Precisions (default: ${DEFAULT-VALUE}).")
  private List<String> variants;

  @Option(
      names = "--images",
      defaultValue = "28",
      description = "Images, in batches of 1, 2, 3, 5 and 17 in turn (default: ${DEFAULT-VALUE}).")
  private int images;

  @Option(
      names = "--bound",
      defaultValue = "3e-2",
      description =
          "Largest error of logits, relative to their norm, where it is bounded (default:"
              + " ${DEFAULT-VALUE}).")
  private double bound;

  @Option(
      names = "--samples",
      description = "A folder that run.sh gpu-samples wrote, to compare trained models too.")
  private @Nullable Path samples;

  @Option(
      names = "--sample-images",
      defaultValue = "1000000",
      description = "At most so many images of each trained model (default: all).")
  private int sampleImages;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  Parity() {}

  /** Runs the comparison and exits with its status. */
  public static void main(String[] arguments) {
    Commands.run(new Parity(), arguments);
  }

  @Override
  public Integer call() throws IOException {
    ParityTable table = new ParityTable(device, bound, spec.commandLine().getOut());
    for (String text : models) {
      ParityModel model = ParityModel.of(text);
      Model floats = FillerModels.byName(model.name(), ImageSize.square(model.side()));
      for (RecipePlan recipe : RecipePlan.values()) {
        for (String variant : variants) {
          Bits bits = Bits.of(variant);
          table.compare(
              new ParityCase(model.toString(), recipe.id(), bits, false),
              SyntheticModels.quantize(floats, recipe, bits.weights(), bits.activations()),
              IntStream.range(0, model.batch() == 0 ? images : model.batch())
                  .mapToObj(i -> SyntheticModels.image(floats.network(), 1 + i))
                  .toArray(float[][]::new),
              model.batch());
        }
      }
    }
    if (samples != null) {
      trained(samples, table);
    }
    table.printRest();
    return table.isGood() ? 0 : NOT_MET;
  }

  /** Trained models with their validation images. */
  private void trained(Path folder, ParityTable table) throws IOException {
    for (TrainedSample sample : TrainedSample.list(folder)) {
      ArtifactContent content = ModelLocator.read(folder.resolve(sample.jar())).content();
      table.compare(
          new ParityCase(sample.name(), "auto", Bits.of(sample.variant()), true),
          content.model(),
          some(Pixels.read(folder.resolve(sample.images())).tensors(content.preprocessing())),
          0);
    }
  }

  /** As many images as asked for, from all over the list: neighbours are of one class. */
  private float[][] some(float[][] all) {
    int count = Math.min(sampleImages, all.length);
    return IntStream.range(0, count)
        .mapToObj(i -> all[(int) ((long) i * all.length / count)])
        .toArray(float[][]::new);
  }
}
