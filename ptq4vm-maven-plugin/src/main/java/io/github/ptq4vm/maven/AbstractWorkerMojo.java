package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.worker.WorkerMemory;
import java.nio.file.Path;
import java.util.List;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.descriptor.PluginDescriptor;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.jspecify.annotations.Nullable;

/** What goals share that work on a checkpoint in a JVM of their own. */
abstract class AbstractWorkerMojo extends AbstractPtq4vmMojo {

  /**
   * Family of the checkpoint's network: {@code vim}, {@code vmamba}, {@code localvim} or {@code
   * localvmamba}; {@code auto} finds it out from the names of the checkpoint's tensors.
   */
  @Parameter(property = "ptq4vm.architecture", defaultValue = "auto")
  String architecture = "auto";

  /** Threads to calculate with; 0 means as many as there are cores. */
  @Parameter(property = "ptq4vm.threads", defaultValue = "0")
  int threads;

  /** More arguments of the JVM that quantizes or verifies. */
  @Parameter(property = "ptq4vm.workerJvmArguments")
  List<String> workerJvmArguments = List.of();

  /**
   * Largest heap of the JVM that quantizes or verifies, e.g. {@code 4g}. The default is half of the
   * machine's memory, at most 8 GiB; a build with {@code -T} divides the half by the number of
   * modules it builds at a time. PyTorch's tensors take memory besides.
   */
  @Parameter(property = "ptq4vm.workerMemory")
  @Nullable String workerMemory;

  @Parameter(defaultValue = "${project}", readonly = true, required = true)
  MavenProject project;

  @Parameter(defaultValue = "${session}", readonly = true, required = true)
  MavenSession session;

  @Parameter(defaultValue = "${mojoExecution}", readonly = true, required = true)
  MojoExecution execution;

  final WorkerFactory workers;

  /** Creates the goal; Maven sets the fields. */
  @SuppressWarnings("NullAway.Init")
  AbstractWorkerMojo(WorkerFactory workers) {
    this.workers = workers;
  }

  /** Threads to calculate with, at least 1. */
  final int actualThreads() {
    return threads == 0
        ? Runtime.getRuntime().availableProcessors()
        : Ranges.atLeast(1, threads, "threads");
  }

  /** How the worker runs. */
  final WorkerOptions workerOptions(Path directory) {
    return new WorkerOptions(
        workerMemory == null
            ? WorkerMemory.ofThisMachine(Reactor.modulesAtATime(session))
            : workerMemory,
        workerJvmArguments,
        actualThreads(),
        directory);
  }

  /** The plugin, whose class path the worker has. */
  final PluginDescriptor plugin() {
    return execution.getMojoDescriptor().getPluginDescriptor();
  }

  /** Shows what the worker does; to be closed when it has done it. */
  final ProgressPrinter progress() {
    return new ProgressPrinter(getLog(), Terminal.of(session, getLog()), System::nanoTime);
  }
}
