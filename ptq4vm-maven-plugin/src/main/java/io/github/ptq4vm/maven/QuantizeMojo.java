package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.worker.CompileFunction;
import io.github.ptq4vm.compiler.worker.WorkerJson;
import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.inject.Inject;
import org.apache.maven.artifact.Artifact;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.plugins.annotations.ResolutionScope;
import org.apache.maven.project.MavenProjectHelper;
import org.jspecify.annotations.Nullable;

/**
 * Quantizes a Visual Mamba checkpoint with PTQ4VM and attaches one jar a variant, with the
 * precision as its classifier. Needs a checkpoint and a folder of images, and neither Python nor a
 * GPU.
 *
 * <p>A setting in the pom wins over a property of the command line, except for the lists {@code
 * variants} and {@code workerJvmArguments}: there Maven lets the property win.
 *
 * @since 0.1.0
 */
@Mojo(
    name = "quantize",
    defaultPhase = LifecyclePhase.PREPARE_PACKAGE,
    requiresDependencyResolution = ResolutionScope.NONE,
    threadSafe = true)
public final class QuantizeMojo extends AbstractWorkerMojo {

  /**
   * Exponent of the activation maxima in the smoothing factor, from 0 (weights decide) to 1
   * (activations decide).
   */
  @Parameter(property = "ptq4vm.alpha", defaultValue = "0.5")
  double alpha;

  /** Images that a learning step sees. A smaller batch needs less memory. */
  @Parameter(property = "ptq4vm.batch", defaultValue = "32")
  int batch;

  /**
   * Folder of images to calibrate with, JPEG or PNG, in one folder a class (or in one folder, if
   * {@code calibrationSelection} is {@code name}). Labels are not used.
   */
  @Parameter(
      property = "ptq4vm.calibrationDirectory",
      defaultValue = "${project.basedir}/src/main/ptq4vm/calibration")
  @Nullable File calibrationDirectory;

  /** How many images to calibrate with, at most. */
  @Parameter(property = "ptq4vm.calibrationImages", defaultValue = "256")
  int calibrationImages;

  /**
   * Which images to take: {@code stratified} takes equally many of each class folder, drawn with
   * the seed; {@code name} takes the first by file name.
   */
  @Parameter(property = "ptq4vm.calibrationSelection", defaultValue = "stratified")
  String calibrationSelection = "stratified";

  /**
   * The trained network: a PyTorch checkpoint ({@code .pth}, {@code .pt}, {@code .ckpt}) or a
   * {@code .safetensors} file. Required. No code in the file is run.
   */
  @Parameter(property = "ptq4vm.checkpoint")
  @Nullable File checkpoint;

  /**
   * Size of the network's input in pixels: a side, such as {@code 224}, or {@code HEIGHTxWIDTH},
   * such as {@code 64x96}. Networks of convolutions take any size; where positions are learned, it
   * is the size the network was trained with, or {@code interpolatePositions} resizes them.
   */
  @Parameter(property = "ptq4vm.imageSize", defaultValue = "224")
  String imageSize = "224";

  /**
   * Whether learned positions are resized, bicubically, where {@code imageSize} is not the size the
   * network was trained with. Set {@code stride} too if patches overlap.
   */
  @Parameter(property = "ptq4vm.interpolatePositions", defaultValue = "false")
  boolean interpolatePositions;

  /**
   * SPDX name of the model's licence, e.g. {@code Apache-2.0}. The default is the first of the
   * pom's licenses.
   */
  @Parameter(property = "ptq4vm.license")
  @Nullable String license;

  /** File with the text of the model's licence, which becomes part of the jars. */
  @Parameter(property = "ptq4vm.licenseFile")
  @Nullable File licenseFile;

  /** More lines for the model card: name and value. */
  @Parameter Map<String, String> metadata = Map.of();

  /**
   * How to quantize: {@code auto} adds to the published method, for each kind of linear, what pays
   * on held-out calibration images (rotated inputs, dynamic scales, weights rounded together);
   * {@code ptq4vm} is the published method alone.
   */
  @Parameter(property = "ptq4vm.method", defaultValue = "auto")
  String method = "auto";

  /**
   * Folder for the jars, {@code quantize-result.json} and the worker's files. Executions with an id
   * of their own put all but the jars into a folder of that name in it.
   */
  @Parameter(
      property = "ptq4vm.outputDirectory",
      defaultValue = "${project.build.directory}/ptq4vm")
  @Nullable File outputDirectory;

  /**
   * The time that all entries of the jars carry, in ISO 8601 or seconds since 1970. Builds with the
   * same inputs are equal byte for byte.
   */
  @Parameter(defaultValue = "${project.build.outputTimestamp}")
  @Nullable String outputTimestamp;

  /**
   * What happens to an image before the network: {@code resize} (short side in pixels; 0 leaves the
   * image as it is), {@code crop} (side of the centre crop; 0 for none), {@code interpolation}
   * ({@code bicubic} or {@code bilinear}), {@code mean} and {@code std} (three values each). Each
   * is a property too: {@code ptq4vm.resize}, {@code ptq4vm.crop} and so on. The default is a short
   * side of {@code imageSize/0.875}, a crop of {@code imageSize}, bicubic, and ImageNet's mean and
   * std; where {@code imageSize} is not square, images are left as they are.
   */
  @Parameter @Nullable PreprocessingParameter preprocessing;

  /** Learning rate, in units of one code at the end of the range. */
  @Parameter(property = "ptq4vm.rate", defaultValue = "0.3")
  double rate;

  /**
   * Directions in which the blocks of a network scan that has searched ones: blocks separated by
   * {@code ;}, directions of a block by {@code ,}; a single block stands for all. {@code h} goes
   * row by row, {@code v} column by column, {@code w2} or {@code w7} window by window of that side,
   * and {@code _flip} behind it backwards. Or the name of a released model's table: {@code
   * localvim-t}, {@code localvim-s}, {@code localvim-s-searched}, {@code localvmamba-t} or {@code
   * localvmamba-s}. The default is the table of the released model of that size.
   */
  @Parameter(property = "ptq4vm.scanDirections")
  @Nullable String scanDirections;

  /** Seeds the choice and the order of images. */
  @Parameter(property = "ptq4vm.seed", defaultValue = "0")
  long seed;

  /** Gradient steps a block; 0 turns learning off, which is fast and less accurate. */
  @Parameter(property = "ptq4vm.steps", defaultValue = "100")
  int steps;

  /** Distance of patches in pixels. The default follows from the checkpoint's number of tokens. */
  @Parameter(property = "ptq4vm.stride")
  @Nullable Integer stride;

  /** File with the label of one class a line, in the order of the network's outputs. */
  @Parameter(property = "ptq4vm.synset")
  @Nullable File synset;

  /**
   * Folder of labelled images, one folder a class, to measure the float model and the packed models
   * on. Without it nothing is measured.
   */
  @Parameter(property = "ptq4vm.validationDirectory")
  @Nullable File validationDirectory;

  /** What to build: {@code w<bits>a<bits>} with 2 to 8 bits for weights and for activations. */
  @Parameter(property = "ptq4vm.variants", defaultValue = "w8a8")
  List<String> variants = List.of();

  /**
   * Which weights of a checkpoint that holds several to take, e.g. {@code model} or {@code
   * model_ema}.
   */
  @Parameter(property = "ptq4vm.weights", defaultValue = "model")
  String weights = "model";

  private final MavenProjectHelper projectHelper;

  /** Creates the goal; Maven sets the fields. */
  @Inject
  public QuantizeMojo(WorkerFactory workers, MavenProjectHelper projectHelper) {
    super(workers);
    this.projectHelper = projectHelper;
  }

  @Override
  void executeGoal() throws IOException, InterruptedException {
    if (checkpoint == null && Reactor.isOneOfSeveralModules(session, execution)) {
      getLog().info("Nothing to quantize here: this module's pom sets no <checkpoint>.");
      return;
    }
    CompileRequest request = request();
    RuntimeDependency.missing(project.getDependencies(), BuildFacts.load().version())
        .ifPresent(getLog()::warn);
    OutputFiles output = new OutputFiles(request.outputDirectory(), execution.getExecutionId());
    output
        .prepare(request.variants(), attachedClassifiers())
        .forEach(
            jar ->
                getLog()
                    .info(
                        "Deleted " + jar + " of an earlier build: <variants> no longer lists it."));
    CompileFunction compiler =
        workers.create(session, project, plugin(), workerOptions(output.workDirectory()));
    CompileResult result;
    try (ProgressPrinter progress = progress()) {
      result = compiler.compile(request, progress);
    }
    for (VariantResult variant : result.variants()) {
      projectHelper.attachArtifact(project, "jar", variant.name(), variant.jar().toFile());
    }
    WorkerJson.write(output.result(), result);
    ResultTable.of(result, project.getBasedir().toPath()).forEach(getLog()::info);
  }

  /** The request the parameters ask for, checked as far as it can be without reading the model. */
  CompileRequest request() {
    InputFiles inputs = new InputFiles(project.getBasedir().toPath());
    List<CompileRequest.Variant> parsed = VariantNames.parse(variants);
    checkNotAttachedYet(parsed);
    Licence licence =
        Licence.of(
            license,
            licenseFile == null ? null : inputs.file(licenseFile, "licenseFile"),
            project.getLicenses());
    if (licence.name().equals(Licence.UNKNOWN)) {
      getLog()
          .warn(
              "The models will state no licence: set <license>, or <licenses> in the pom, to"
                  + " their licence.");
    }
    ImageSize size = ImageSize.parse(imageSize, "<imageSize>");
    return new CompileRequest(
        inputs.checkpoint(checkpoint),
        weights,
        new ImportOptions(
            architecture,
            size,
            stride == null ? null : (Integer) Ranges.atLeast(1, stride, "stride"),
            scanDirections,
            interpolatePositions),
        (preprocessing == null ? new PreprocessingParameter() : preprocessing)
            .resolve(size, this::property),
        new CompileRequest.Calibration(
            inputs.images(calibrationDirectory, "calibrationDirectory"),
            Ranges.atLeast(1, calibrationImages, "calibrationImages"),
            Ranges.oneOf(
                CompileRequest.Selection.class, calibrationSelection, "calibrationSelection")),
        validationDirectory == null
            ? null
            : inputs.images(validationDirectory, "validationDirectory"),
        synset == null ? null : inputs.file(synset, "synset"),
        parsed,
        new Recipe(
            Ranges.oneOf(Recipe.Method.class, method, "method"),
            Ranges.between(0, 1, alpha, "alpha"),
            Ranges.atLeast(0, steps, "steps"),
            Ranges.atLeast(1, batch, "batch"),
            Ranges.between(0, 100, rate, "rate"),
            seed),
        new CompileRequest.Identity(
            project.getGroupId(),
            project.getArtifactId(),
            project.getVersion(),
            licence.name(),
            licence.text(),
            BuildFacts.load().version(),
            new TreeMap<>(metadata)),
        actualThreads(),
        inputs.absolute(outputDirectory, "outputDirectory"),
        OutputTimestamp.parse(outputTimestamp));
  }

  private Set<String> attachedClassifiers() {
    return project.getAttachedArtifacts().stream()
        .filter(Artifact::hasClassifier)
        .map(Artifact::getClassifier)
        .collect(Collectors.toSet());
  }

  private void checkNotAttachedYet(List<CompileRequest.Variant> variants) {
    Set<String> attached = attachedClassifiers();
    for (CompileRequest.Variant variant : variants) {
      if (attached.contains(variant.name())) {
        throw new CompileException(
            "This project already has an artifact with the classifier "
                + variant.name()
                + ": name it in the <variants> of one execution only.");
      }
    }
  }

  /** A property as Maven's expressions see it: command line, then pom, then system. */
  private @Nullable String property(String name) {
    return Stream.of(
            session.getUserProperties(), project.getProperties(), session.getSystemProperties())
        .map((Properties properties) -> properties.getProperty(name))
        .filter(value -> value != null)
        .findFirst()
        .orElse(null);
  }
}
