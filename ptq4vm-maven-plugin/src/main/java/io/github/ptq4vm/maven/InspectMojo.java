package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.Inspection;
import io.github.ptq4vm.compiler.Inspector;
import java.io.File;
import java.nio.file.Path;
import javax.inject.Inject;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.jspecify.annotations.Nullable;

/**
 * Says what a file is: a checkpoint (format, architecture, tensors and their shapes, linears that
 * would be quantized), or the jar of a model (what it is called, precision of each kind of linear,
 * checkpoint, calibration, recipe, measurements, toolchain, and whether every digest is right).
 * Works without a project, starts no PyTorch and downloads none.
 *
 * <p>For example {@code mvn io.github.ptq4vm:ptq4vm-maven-plugin:inspect
 * -Dptq4vm.file=vim_tiny.pth}, or {@code
 * -Dptq4vm.artifact=com.acme.models:vim-tiny:1.0.0:jar:w4a4}.
 *
 * @since 0.1.0
 */
@Mojo(name = "inspect", requiresProject = false, aggregator = true, threadSafe = true)
public final class InspectMojo extends AbstractPtq4vmMojo {

  /**
   * Family of a checkpoint's network: {@code vim}, {@code vmamba}, {@code localvim} or {@code
   * localvmamba}; {@code auto} finds it out from the names of its tensors.
   */
  @Parameter(property = "ptq4vm.architecture", defaultValue = "auto")
  String architecture = "auto";

  /**
   * Coordinates of the file to inspect, as {@code groupId:artifactId:version[:type[:classifier]]},
   * e.g. {@code com.acme.models:vim-tiny:1.0.0:jar:w4a4}. It is resolved like a dependency, without
   * what it depends on. Either this or {@code file} is required.
   */
  @Parameter(property = "ptq4vm.artifact")
  @Nullable String artifact;

  /**
   * The file to inspect: a checkpoint ({@code .pth}, {@code .pt}, {@code .ckpt}, {@code
   * .safetensors}) or the jar of a model. A relative path starts from the folder Maven was called
   * for. Either this or {@code artifact} is required.
   */
  @Parameter(property = "ptq4vm.file")
  @Nullable File file;

  /**
   * Size of a checkpoint's images in pixels: a side, or {@code HEIGHTxWIDTH}. The default is 224
   * or, where that does not fit the number of positions, the size at which patches tile the image.
   */
  @Parameter(property = "ptq4vm.imageSize")
  @Nullable String imageSize;

  /** Scan directions of a checkpoint that has searched ones, as for the goal {@code quantize}. */
  @Parameter(property = "ptq4vm.scanDirections")
  @Nullable String scanDirections;

  /** SHA-256 that the file must have, in hexadecimal; the goal fails if it has another. */
  @Parameter(property = "ptq4vm.sha256")
  @Nullable String sha256;

  /** Distance of a checkpoint's patches in pixels. The default follows from its positions. */
  @Parameter(property = "ptq4vm.stride")
  @Nullable Integer stride;

  /** Which weights of a checkpoint with several to inspect, e.g. {@code model_ema}. */
  @Parameter(property = "ptq4vm.weights", defaultValue = "model")
  String weights = "model";

  @Parameter(defaultValue = "${project}", readonly = true, required = true)
  MavenProject project;

  @Parameter(defaultValue = "${session}", readonly = true, required = true)
  MavenSession session;

  private final FileResolver resolver;

  /** Creates the goal; Maven sets the fields. */
  @Inject
  @SuppressWarnings("NullAway.Init")
  public InspectMojo(FileResolver resolver) {
    this.resolver = resolver;
  }

  @Override
  void executeGoal() {
    Inspector.Options options =
        new Inspector.Options(
            weights,
            architecture,
            imageSize == null ? null : ImageSize.parse(imageSize, "<imageSize>"),
            stride == null ? null : (Integer) Ranges.atLeast(1, stride, "stride"),
            scanDirections);
    Inspection inspection = Inspector.inspect(input(), sha256, options);
    inspection.lines().forEach(getLog()::info);
  }

  private Path input() {
    if ((file == null) == (artifact == null)) {
      throw new CompileException(
          (file == null ? "Nothing to inspect is named" : "Both a file and an artifact are named")
              + ": set either -Dptq4vm.file=<checkpoint or jar of a model>, or"
              + " -Dptq4vm.artifact=<groupId:artifactId:version:jar:w4a4>.");
    }
    if (artifact != null) {
      return resolver.resolve(artifact, session, project);
    }
    // Not this JVM's working directory, which is another one with -f and in an IDE or a daemon.
    return new InputFiles(Path.of(session.getExecutionRootDirectory())).file(file, "file");
  }
}
