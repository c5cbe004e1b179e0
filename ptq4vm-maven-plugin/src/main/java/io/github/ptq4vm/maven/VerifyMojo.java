package io.github.ptq4vm.maven;

import io.github.ptq4vm.Device;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.VerifyRequest;
import io.github.ptq4vm.compiler.VerifyResult;
import io.github.ptq4vm.compiler.worker.VerifyFunction;
import io.github.ptq4vm.compiler.worker.WorkerJson;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.inject.Inject;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/**
 * Measures the jars that {@code quantize} has built on labelled images, and fails the build where
 * they are not accurate enough. Each jar is loaded as an application loads it; beside it runs the
 * checkpoint, in float32. Top-1, top-5 and agreement go into {@code
 * target/ptq4vm/verify-<variant>.json}. Image size, preprocessing and labels are those in the jar.
 *
 * <p>Bound to the phase {@code verify} where the pom names the goal. By hand: {@code mvn
 * ptq4vm:quantize ptq4vm:verify@verify}, where the part after {@code @} is the id of the execution
 * whose configuration is read. Without an id, {@code mvn ptq4vm:verify} reads that of the plugin
 * alone and checks no limit that an execution sets: set limits there to have them always checked.
 *
 * @since 0.1.0
 */
@Mojo(name = "verify", defaultPhase = LifecyclePhase.VERIFY, threadSafe = true)
public final class VerifyMojo extends AbstractWorkerMojo {

  /** The checkpoint the jars were made from. Required; another one is an error. */
  @Parameter(property = "ptq4vm.checkpoint")
  @Nullable File checkpoint;

  /**
   * Where the packaged models run: {@code cpu}; {@code cuda}, the first NVIDIA GPU, which is an
   * error if it cannot be used; or {@code auto}, that GPU if it can be used. A GPU rounds in other
   * ways, so what is measured with {@code auto} may depend on the machine. For a GPU, name {@code
   * org.jcuda:jcuda-natives} among the {@code <dependencies>} of the plugin, as the goal {@code
   * devices} says it. The checkpoint always runs on the processor.
   */
  @Parameter(property = "ptq4vm.device", defaultValue = "cpu")
  String device = "cpu";

  /**
   * How many percentage points of top-1 a packaged model may lose against the checkpoint: with
   * {@code 1.0}, 76.1 % may become 75.1 %. A greater loss fails the build. Not checked by default.
   */
  @Parameter(property = "ptq4vm.maxAccuracyDrop")
  @Nullable Double maxAccuracyDrop;

  /**
   * Top-1 in percent that a packaged model must have, e.g. {@code 75}. Less fails the build. Not
   * checked by default.
   */
  @Parameter(property = "ptq4vm.minTop1")
  @Nullable Double minTop1;

  /** Folder of the jars, and where the results go. */
  @Parameter(
      property = "ptq4vm.outputDirectory",
      defaultValue = "${project.build.directory}/ptq4vm")
  @Nullable File outputDirectory;

  /** Whether not to verify, while the other goals go on. */
  @Parameter(property = "ptq4vm.verify.skip", defaultValue = "false")
  boolean skipVerify;

  /**
   * Folder of labelled images, JPEG or PNG, one folder a class, named like the labels or their
   * first words. Required.
   */
  @Parameter(property = "ptq4vm.validationDirectory")
  @Nullable File validationDirectory;

  /** Which jars to verify: those of {@code quantize}. */
  @Parameter(property = "ptq4vm.variants", defaultValue = "w8a8")
  List<String> variants = List.of();

  /** Creates the goal; Maven sets the fields. */
  @Inject
  public VerifyMojo(WorkerFactory workers) {
    super(workers);
  }

  @Override
  void executeGoal() throws IOException, InterruptedException {
    if (skipVerify) {
      getLog().info("Not verified, because <skipVerify> or -Dptq4vm.verify.skip is set.");
      return;
    }
    if (checkpoint == null && Reactor.isOneOfSeveralModules(session, execution)) {
      getLog().info("Nothing to verify here: this module's pom sets no <checkpoint>.");
      return;
    }
    InputFiles inputs = new InputFiles(project.getBasedir().toPath());
    Path directory = inputs.absolute(outputDirectory, "outputDirectory");
    List<Variant> parsed = VariantNames.parse(variants);
    // Before anything else can fail: no result of an earlier build may outlive a failed one.
    for (Variant variant : parsed) {
      Files.deleteIfExists(result(directory, variant));
    }
    AccuracyGate gate = AccuracyGate.of(maxAccuracyDrop, minTop1);
    VerifyRequest request = request(inputs, directory, parsed);
    VerifyResult result = run(request, directory.resolve("verify"));
    List<String> failures = new ArrayList<>();
    for (int i = 0; i < parsed.size(); i++) {
      Variant variant = parsed.get(i);
      VerifyReport report = VerifyReport.of(variant.name(), result.models().get(i), gate);
      WorkerJson.write(result(directory, variant), report);
      failures.addAll(report.failures());
    }
    VerifyTable.of(parsed, result).forEach(getLog()::info);
    if (!gate.checks()) {
      getLog()
          .warn(
              "No limit was checked, since neither <maxAccuracyDrop> nor <minTop1> is set."
                  + whereConfigured());
    }
    if (!failures.isEmpty()) {
      throw new CompileException(String.join("\n", failures));
    }
  }

  private VerifyResult run(VerifyRequest request, Path workDirectory)
      throws IOException, InterruptedException {
    VerifyFunction verifier =
        workers.verifier(session, project, plugin(), workerOptions(workDirectory));
    try (ProgressPrinter progress = progress()) {
      return verifier.verify(request, progress);
    } catch (CompileException e) {
      throw new CompileException(JcudaNatives.inThePlugin(e.getMessage()), e);
    }
  }

  /** Whether Maven was told the goal alone: then no execution's configuration is read. */
  private boolean calledWithoutId() {
    return "default-cli".equals(execution.getExecutionId());
  }

  /** A hint for who has configured an execution and calls the goal by hand, else nothing. */
  private String whereConfigured() {
    return calledWithoutId()
        ? " Called by hand, the goal reads the <configuration> of the <plugin>; for that of an"
            + " <execution> add its <id>, as in mvn ptq4vm:verify@verify."
        : "";
  }

  private VerifyRequest request(InputFiles inputs, Path directory, List<Variant> parsed) {
    if (validationDirectory == null) {
      throw new CompileException(
          "There are no images to verify on: name a folder of labelled images, one folder a class,"
              + " in <validationDirectory> or with -Dptq4vm.validationDirectory=<folder>."
              + whereConfigured());
    }
    return new VerifyRequest(
        inputs.checkpoint(checkpoint),
        architecture,
        inputs.images(validationDirectory, "validationDirectory"),
        parsed.stream().map(variant -> jar(directory, variant)).toList(),
        Ranges.oneOf(Device.class, device, "device"),
        actualThreads());
  }

  private Path jar(Path directory, Variant variant) {
    Path jar = directory.resolve(variant.name() + ".jar");
    if (!Files.isRegularFile(jar)) {
      throw new CompileException(
          "There is no %s to verify yet: build it first, in the same build by the goal quantize in a phase before this one, or by hand with mvn ptq4vm:quantize ptq4vm:verify%s; or take %s out of <variants>."
              .formatted(
                  jar, calledWithoutId() ? "" : "@" + execution.getExecutionId(), variant.name()));
    }
    return jar;
  }

  private static Path result(Path directory, Variant variant) {
    return directory.resolve("verify-" + variant.name() + ".json");
  }
}
