package io.github.ptq4vm.compiler;

import io.github.ptq4vm.Ptq4vmException;
import io.github.ptq4vm.QuantizedModel;
import io.github.ptq4vm.RunOptions;
import io.github.ptq4vm.artifact.ArtifactFormat;
import io.github.ptq4vm.artifact.FileDigest;
import io.github.ptq4vm.artifact.ModelDescription;
import io.github.ptq4vm.compiler.checkpoint.Checkpoint;
import io.github.ptq4vm.compiler.checkpoint.Checkpoints;
import io.github.ptq4vm.compiler.checkpoint.ModelImporter;
import io.github.ptq4vm.compiler.data.ClassOrder;
import io.github.ptq4vm.compiler.data.ImageFolder;
import io.github.ptq4vm.compiler.data.ImageSet;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Model;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Measures packaged models on labelled images, loaded and run as an application does it, beside the
 * checkpoint they were made from. How the checkpoint is read, how images are prepared and what the
 * classes are called is taken from the jars alone.
 */
public final class Verifier {
  private static final int SLICE = 256;

  private final CompileListener listener;
  private final Map<FloatRun, Ranking> exact = new HashMap<>();

  /** Creates a verifier that tells a listener what it does. */
  public Verifier(CompileListener listener) {
    this.listener = listener;
  }

  /**
   * What the float model's answers depend on; variants of one build share them.
   *
   * @param preprocessing digest of the jar's description of it
   */
  private record FloatRun(String weights, ImportOptions options, FileDigest preprocessing) {}

  /**
   * Verifies.
   *
   * @throws CompileException if a jar was made from another checkpoint, or jars, checkpoint and
   *     images do not allow to measure
   */
  public VerifyResult verify(VerifyRequest request) {
    ImageFolder folder = ImageFolder.labelled(request.validationDirectory());
    String checkpoint = Checkpoints.sha256(request.checkpoint());
    List<VerifyResult.Measured> models = new ArrayList<>();
    for (Path jar : request.jars()) {
      try (QuantizedModel model =
          QuantizedModel.load(jar, new RunOptions(request.device(), request.threads()))) {
        requireSameCheckpoint(jar, model, request.checkpoint(), checkpoint);
        models.add(measure(request, jar, model, folder));
      } catch (Ptq4vmException e) {
        throw new CompileException(e.getMessage(), e);
      }
    }
    return new VerifyResult(models);
  }

  private VerifyResult.Measured measure(
      VerifyRequest request, Path jar, QuantizedModel model, ImageFolder folder) {
    int classes = model.manifest().network().classes();
    folder.requireClasses(classes);
    if (ClassOrder.byOrder(folder, model.labels())) {
      listener.warn(
          "No class folder of \"%s\" is called like a label of %s: the n-th folder by name is taken for the n-th class."
              .formatted(folder.directory(), model.id()));
    }
    ImageSet images = ClassOrder.match(folder, model.labels());
    int[] labels = images.labels();
    Ranking fp32 = exact(request, model, images);
    Ranking packaged = rank("Running " + jar.getFileName(), request, model, images, model::logits);
    return new VerifyResult.Measured(
        model.id().toString(),
        jar,
        Checkpoints.sha256(jar),
        model.manifest().description().source().sha256(),
        images.size(),
        classes,
        fp32.accuracy(labels),
        packaged.accuracy(labels),
        fp32.agreement(packaged),
        model.provider());
  }

  private static void requireSameCheckpoint(
      Path jar, QuantizedModel model, Path checkpoint, String sha256) {
    ModelDescription.Source source = model.manifest().description().source();
    if (!source.sha256().equals(sha256)) {
      throw new CompileException(
          "The jar %s was made from the checkpoint %s with the SHA-256 %s, but %s has %s: quantize again, or set <checkpoint> to the file it was made from."
              .formatted(jar, source.checkpoint(), source.sha256(), checkpoint, sha256));
    }
  }

  /** What the float model answers, run once for all variants that were made from it alike. */
  private Ranking exact(VerifyRequest request, QuantizedModel model, ImageSet images) {
    SortedMap<String, String> recipe = model.manifest().description().recipe();
    String stride = recipe.get("stride");
    FloatRun run =
        new FloatRun(
            recipe.getOrDefault("weights", "model"),
            new ImportOptions(
                request.architecture(),
                new ImageSize(model.height(), model.width()),
                stride == null ? null : number(stride, model),
                recipe.get("scanDirections"),
                Boolean.parseBoolean(recipe.get("interpolatePositions"))),
            preprocessing(model));
    Ranking known = exact.get(run);
    if (known == null) {
      known = run(request, run, model, images);
      exact.put(run, known);
    }
    return known;
  }

  private Ranking run(VerifyRequest request, FloatRun run, QuantizedModel model, ImageSet images) {
    Model imported;
    try (Checkpoint checkpoint = Checkpoints.open(request.checkpoint(), run.weights())) {
      imported = ModelImporter.load(checkpoint, run.options()).model();
    }
    int classes = imported.network().classes();
    try (TensorInterpreter interpreter = new TensorInterpreter(imported, request.threads())) {
      BatchRunner runner = new BatchRunner(interpreter);
      return rank(
          "Running the checkpoint",
          request,
          model,
          images,
          tensors -> {
            float[] all = runner.logits(tensors, TensorInterpreter.Linears.FLOAT);
            float[][] rows = new float[tensors.length][];
            for (int i = 0; i < rows.length; i++) {
              rows[i] = Arrays.copyOfRange(all, i * classes, (i + 1) * classes);
            }
            return rows;
          });
    }
  }

  /** Runs a model on all images, a few of them in memory at a time. */
  private Ranking rank(
      String task,
      VerifyRequest request,
      QuantizedModel packaged,
      ImageSet images,
      Function<float[][], float[][]> model) {
    int[][] best = new int[images.size()][];
    for (int from = 0; from < best.length; from += SLICE) {
      int to = Math.min(best.length, from + SLICE);
      float[][] tensors =
          images.slice(from, to).load(packaged::preprocess, request.threads(), done -> {});
      float[][] logits = model.apply(tensors);
      for (int i = from; i < to; i++) {
        best[i] = Ranking.of(packaged, logits[i - from]);
      }
      listener.progress(task, to, best.length, "images");
    }
    return new Ranking(best);
  }

  private static FileDigest preprocessing(QuantizedModel model) {
    @Nullable FileDigest digest = model.manifest().files().get(ArtifactFormat.PREPROCESSING);
    if (digest == null) {
      throw new IllegalStateException("A model without preprocessing cannot have been loaded.");
    }
    return digest;
  }

  private static Integer number(String stride, QuantizedModel model) {
    try {
      return Integer.valueOf(stride);
    } catch (NumberFormatException e) {
      throw new CompileException(
          "The model %s says that its stride is \"%s\", which is no number: build it again."
              .formatted(model.id(), stride),
          e);
    }
  }
}
