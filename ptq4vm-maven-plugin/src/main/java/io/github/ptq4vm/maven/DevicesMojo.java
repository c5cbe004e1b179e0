package io.github.ptq4vm.maven;

import io.github.ptq4vm.Device;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.Inspection;
import io.github.ptq4vm.compiler.Inspection.Fact;
import io.github.ptq4vm.compiler.worker.WorkerMemory;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.eclipse.aether.artifact.Artifact;

/**
 * Says what this machine offers for making and running models: Java, cores and memory, kernels of
 * the processor, why a GPU is used or not, and whether PyTorch's native library is there. Works
 * without a project; loads, downloads and changes nothing.
 *
 * <p>For example {@code mvn io.github.ptq4vm:ptq4vm-maven-plugin:devices}.
 *
 * @since 0.1.0
 */
@Mojo(name = "devices", requiresProject = false, aggregator = true, threadSafe = true)
public final class DevicesMojo extends AbstractPtq4vmMojo {
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  @Parameter(defaultValue = "${session}", readonly = true, required = true)
  MavenSession session;

  /** Creates the goal; Maven sets the fields. */
  @SuppressWarnings("NullAway.Init")
  public DevicesMojo() {}

  @Override
  void executeGoal() {
    List<Fact> facts = new ArrayList<>();
    facts.add(fact("plugin", BuildFacts.load().version()));
    facts.add(
        fact(
            "system",
            property("os.name") + " " + property("os.version") + ", " + property("os.arch")));
    facts.add(
        fact(
            "java",
            Runtime.version() + ", " + property("java.vm.name") + ", in " + property("java.home")));
    facts.add(fact("cores", Integer.toString(Runtime.getRuntime().availableProcessors())));
    facts.add(
        fact(
            "worker memory",
            WorkerMemory.ofThisMachine(1)
                + " of heap for quantize and verify; <workerMemory> changes it"));
    facts.add(
        fact(
            "devices",
            Arrays.stream(Device.values())
                    .map(device -> device.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "))
                + " are what a model can be told to run on; the lines below say what this machine"
                + " has"));
    facts.add(
        fact("cpu kernels", cpuKernels(ModuleFinder.ofSystem().find(VECTOR_MODULE).isPresent())));
    facts.addAll(GpuFindings.ofThisMachine().find());
    facts.addAll(pytorch());
    new Inspection(facts).lines().forEach(getLog()::info);
  }

  static String cpuKernels(boolean vectorModule) {
    return vectorModule
        ? "vector, in applications that are started with --add-modules "
            + VECTOR_MODULE
            + ", and in the plugin's workers; else scalar"
        : "scalar: this Java has no module "
            + VECTOR_MODULE
            + ", which the faster kernels need; use a complete JDK";
  }

  private List<Fact> pytorch() {
    PytorchNatives natives;
    try {
      natives = new PytorchNatives(Platform.classifier(property("os.name"), property("os.arch")));
    } catch (CompileException e) {
      return List.of(fact("pytorch", "none: " + e.getMessage()));
    }
    List<Artifact> missing =
        natives.missing(session.getRepositorySession().getLocalRepositoryManager());
    List<Fact> facts = new ArrayList<>();
    facts.add(
        fact(
            "pytorch",
            missing.isEmpty()
                ? "in the local repository: quantize and verify work offline"
                : "not in the local repository: the first quantize or verify downloads "
                    + missing.stream()
                        .map(Artifact::toString)
                        .collect(Collectors.joining(" and "))));
    facts.add(
        fact(
            "pytorch unpacked",
            natives
                .unpacked(System.getenv(), Path.of(property("user.home")))
                .map(Path::toString)
                .orElse("not yet: the first use does it")));
    return facts;
  }

  private static Fact fact(String name, String value) {
    return new Fact(name, value);
  }

  private static String property(String name) {
    return System.getProperty(name, "");
  }
}
