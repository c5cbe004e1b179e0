package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.benchmarks.gpu.Pixels;
import io.github.ptq4vm.benchmarks.gpu.TrainedSample;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import io.github.ptq4vm.compiler.Compiler;
import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.data.ImageFile;
import io.github.ptq4vm.compiler.data.ImageFolder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Quantizes the trained samples and writes them with their validation images to a folder that the
 * GPU benchmark can carry. Without learning: a device has to agree with the processor on whatever
 * model it gets.
 */
@Command(
    name = "gpu-samples",
    description = "Trained models and their validation images, for the GPU benchmark to carry.",
    mixinStandardHelpOptions = true)
final class GpuSamplesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "<folder>", description = "Where to write.")
  private Path folder;

  @Option(
      names = "--images",
      defaultValue = "64",
      description = "Calibration images (default: ${DEFAULT-VALUE}).")
  private int images;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "w8a8,w4a4",
      converter = RecipeOptions.VariantConverter.class,
      description = "Precisions (default: ${DEFAULT-VALUE}).")
  private List<Variant> variants;

  /** Made by picocli, which sets the fields. */
  @SuppressWarnings("NullAway")
  GpuSamplesCommand() {}

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(folder);
    Path shared = SharedFolder.require();
    List<TrainedSample> written = new ArrayList<>();
    for (Sample sample : Sample.values()) {
      Path validation = sample.validation(shared);
      String pixels = shared.relativize(validation).toString().replace('/', '-') + ".pixels.gz";
      if (!Files.exists(folder.resolve(pixels))) {
        decode(validation).write(folder.resolve(pixels));
      }
      for (VariantResult variant : compile(sample, shared)) {
        String jar = sample.id() + "-" + variant.name() + ".jar";
        Files.move(variant.jar(), folder.resolve(jar), StandardCopyOption.REPLACE_EXISTING);
        written.add(new TrainedSample(sample.id(), variant.name(), jar, pixels));
      }
    }
    TrainedSample.write(written, folder);
    return 0;
  }

  private List<VariantResult> compile(Sample sample, Path shared) throws IOException {
    Path output = Files.createDirectories(folder.resolve("compiled"));
    return new Compiler(new ConsoleListener(spec.commandLine().getErr()))
        .compile(
            Requests.of(
                sample.id(),
                sample.checkpoint(shared),
                sample.options(),
                sample.calibration(shared),
                images,
                null,
                variants,
                Recipe.defaults().withSteps(0),
                Runtime.getRuntime().availableProcessors(),
                output))
        .variants();
  }

  private static Pixels decode(Path folder) throws IOException {
    List<byte[]> images = new ArrayList<>();
    for (ImageFile file : ImageFolder.labelled(folder).files()) {
      BufferedImage image = ImageIO.read(file.path().toFile());
      if (image == null) {
        throw new IOException("The image " + file.path() + " is of no known format.");
      }
      byte[] bytes = new byte[3 * image.getWidth() * image.getHeight()];
      int at = 0;
      for (int y = 0; y < image.getHeight(); y++) {
        for (int x = 0; x < image.getWidth(); x++) {
          int rgb = image.getRGB(x, y);
          bytes[at++] = (byte) (rgb >> 16);
          bytes[at++] = (byte) (rgb >> 8);
          bytes[at++] = (byte) rgb;
        }
      }
      images.add(bytes);
    }
    return new Pixels(images);
  }
}
