package io.github.ptq4vm.compiler;

import io.github.ptq4vm.artifact.FileDigest;
import io.github.ptq4vm.artifact.ModelDescription;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.checkpoint.Checkpoint;
import io.github.ptq4vm.compiler.checkpoint.Checkpoints;
import io.github.ptq4vm.compiler.checkpoint.ImportedModel;
import io.github.ptq4vm.compiler.checkpoint.ModelImporter;
import io.github.ptq4vm.compiler.data.CalibrationSelection;
import io.github.ptq4vm.compiler.data.ClassOrder;
import io.github.ptq4vm.compiler.data.ImageFolder;
import io.github.ptq4vm.compiler.data.ImageSet;
import io.github.ptq4vm.compiler.data.Synset;
import io.github.ptq4vm.compiler.quantize.Packing;
import io.github.ptq4vm.compiler.quantize.QuantizationPlan;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.image.ImagePreprocessor;
import io.github.ptq4vm.network.Model;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Compiles a checkpoint into quantized artifacts. The one place that knows the order of the passes:
 * import, load images, validate the float model, then for each variant quantize (calibrate, smooth,
 * clip, learn), pack, validate the packed model, write.
 */
public final class Compiler {
  private final CompileListener listener;
  private final SortedMap<String, Double> seconds = new TreeMap<>();

  /** Creates a compiler that tells a listener what it does. */
  public Compiler(CompileListener listener) {
    this.listener = listener;
  }

  /**
   * Compiles.
   *
   * @throws CompileException if the user's checkpoint, images or parameters do not allow it
   */
  public CompileResult compile(CompileRequest request) {
    ImportedModel imported = timed("import", () -> load(request));
    Model model = imported.model();
    listener.info(
        "Imported %s (%s, %d x %d pixels, %d classes, %d quantizable linears)."
            .formatted(
                request.checkpoint().getFileName(),
                imported.variant(),
                model.network().height(),
                model.network().width(),
                model.network().classes(),
                model.network().quantizableLinears().size()));
    imported.notes().forEach(listener::info);
    ImagePreprocessor preprocessor = preprocessor(request, model);
    ImageFolder labelled =
        request.validationDirectory() == null
            ? null
            : ImageFolder.labelled(request.validationDirectory());
    List<String> labels = Synset.labels(request.synset(), labelled, model.network().classes());
    ImageSet calibration =
        CalibrationSelection.select(
            ImageFolder.unlabelled(request.calibration().directory()),
            request.calibration().selection(),
            request.calibration().images(),
            request.recipe().seed());
    if (calibration.size() < request.calibration().images()) {
      listener.warn(
          "Only %d of the %d calibration images asked for are in \"%s\"."
              .formatted(
                  calibration.size(),
                  request.calibration().images(),
                  request.calibration().directory()));
    }
    warnOfSmallImages(calibration, model);
    SizeLimits.check(model.network(), calibration.size(), request.recipe().batch());
    float[][] images =
        timed(
            "calibration images",
            () ->
                calibration.load(
                    preprocessor,
                    request.threads(),
                    done ->
                        listener.progress(
                            "Loading calibration images", done, calibration.size(), "images")));
    ArtifactAssembly assembly =
        new ArtifactAssembly(
            request,
            imported.checkpointSha256(),
            new ModelDescription.Calibration(
                calibration.size(),
                calibration.digest(),
                request.calibration().selection().name().toLowerCase(Locale.ROOT),
                request.recipe().seed()),
            labels);
    try (TensorInterpreter interpreter = new TensorInterpreter(model, request.threads())) {
      Validation validation =
          labelled == null
              ? null
              : timed(
                  "validation, float",
                  () -> validation(request, labelled, labels, preprocessor, interpreter));
      List<CompileResult.VariantResult> variants = new ArrayList<>();
      for (Variant variant : request.variants()) {
        variants.add(compile(request, variant, interpreter, images, validation, assembly));
      }
      return new CompileResult(
          model.network().architecture(),
          calibration.size(),
          validation == null ? null : validation.exactTop1(),
          variants,
          seconds);
    }
  }

  private static ImportedModel load(CompileRequest request) {
    try (Checkpoint checkpoint = Checkpoints.open(request.checkpoint(), request.weights())) {
      return ModelImporter.load(checkpoint, request.options());
    }
  }

  /** Enlarged images are the trace of a forgotten imageSize, which a model of any size hides. */
  private void warnOfSmallImages(ImageSet images, Model model) {
    images
        .firstSize()
        .filter(
            size ->
                Math.min(size.width, size.height)
                    < Math.min(model.network().width(), model.network().height()))
        .ifPresent(
            size ->
                listener.warn(
                    "The calibration image \"%s\" has %d x %d pixels, fewer than the network's %d x %d,"
                            .formatted(
                                images.files().get(0).path(),
                                size.width,
                                size.height,
                                model.network().width(),
                                model.network().height())
                        + " and is enlarged. If the model was made for smaller images, set imageSize:"
                        + " its default is 224."));
  }

  private static ImagePreprocessor preprocessor(CompileRequest request, Model model) {
    try {
      return new ImagePreprocessor(
          request.preprocessing(), model.network().height(), model.network().width());
    } catch (IllegalArgumentException e) {
      throw new CompileException(e.getMessage(), e);
    }
  }

  private Validation validation(
      CompileRequest request,
      ImageFolder labelled,
      List<String> labels,
      ImagePreprocessor preprocessor,
      TensorInterpreter interpreter) {
    labelled.requireClasses(interpreter.network().classes());
    if (ClassOrder.byOrder(labelled, labels)) {
      listener.warn(
          "No class folder of \"%s\" is called like a line of the labels file: the n-th folder by"
                  .formatted(labelled.directory())
              + " name is taken for the n-th class.");
    }
    Validation validation =
        new Validation(
            ClassOrder.match(labelled, labels),
            preprocessor,
            request.threads(),
            interpreter,
            listener);
    listener.info(
        String.format(
            Locale.ROOT,
            "FP32 top-1 %.2f %% on %d images.",
            100 * validation.exactTop1(),
            validation.size()));
    return validation;
  }

  private CompileResult.VariantResult compile(
      CompileRequest request,
      Variant variant,
      TensorInterpreter interpreter,
      float[][] images,
      @Nullable Validation validation,
      ArtifactAssembly assembly) {
    ModelQuantizer quantizer = new ModelQuantizer(interpreter, request.recipe(), listener);
    SortedMap<String, String> recipe = new TreeMap<>();
    SortedMap<String, Double> metrics = new TreeMap<>();
    QuantizationPlan plan =
        timed(
            variant.name() + ", plan",
            () -> plan(request.recipe(), variant, interpreter, images, recipe, metrics));
    timed(
        variant.name() + ", quantize",
        () -> {
          quantizer.quantize("Quantizing " + variant.name(), plan, images);
          return true;
        });
    Model packed = Packing.pack(interpreter, quantizer.quantizers());
    if (validation != null) {
      metrics.putAll(
          timed(
                  variant.name() + ", validate",
                  () -> validation.compare("Validating " + variant.name(), packed))
              .asMap());
      metrics.put("fp32_top1", validation.exactTop1());
      metrics.put("validation_images", (double) validation.size());
    }
    try (CpuExecutor executor = new CpuExecutor(packed, 1)) {
      FileDigest digest =
          assembly.write(
              variant,
              packed,
              recipe,
              metrics,
              Toolchain.describe(request, interpreter, executor.provider()));
      return new CompileResult.VariantResult(
          variant.name(),
          assembly.jar(variant),
          digest.size(),
          digest.sha256(),
          metrics.get("top1"),
          metrics);
    } catch (IOException e) {
      throw new CompileException(
          "The artifact \"%s\" cannot be written: %s. Check the directory and the space left."
              .formatted(assembly.jar(variant), e.getMessage()),
          e);
    }
  }

  /** The plan of the method; what was found out on the way goes into the artifact. */
  private QuantizationPlan plan(
      Recipe recipe,
      Variant variant,
      TensorInterpreter interpreter,
      float[][] images,
      SortedMap<String, String> found,
      SortedMap<String, Double> metrics) {
    if (recipe.method() == Recipe.Method.PTQ4VM) {
      return QuantizationPlan.ptq4vm(variant.weightBits(), variant.activationBits());
    }
    PlanSearch.Found search =
        new PlanSearch(interpreter, recipe, images)
            .search(variant.weightBits(), variant.activationBits());
    PlanReport.lines(variant.name(), search).forEach(listener::info);
    found.putAll(PlanReport.recipe(search));
    metrics.putAll(PlanReport.metrics(search));
    return search.plan();
  }

  private interface Task<T> {
    T run();
  }

  private <T> T timed(String name, Task<T> task) {
    long start = System.nanoTime();
    T result = task.run();
    seconds.merge(name, (System.nanoTime() - start) / 1e9, Double::sum);
    return result;
  }
}
