package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.worker.CompileFunction;
import io.github.ptq4vm.compiler.worker.VerifyFunction;
import io.github.ptq4vm.compiler.worker.WorkerProcess;
import io.github.ptq4vm.compiler.worker.WorkerSettings;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.inject.Inject;
import javax.inject.Named;
import javax.inject.Singleton;
import org.apache.maven.artifact.Artifact;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.descriptor.PluginDescriptor;
import org.apache.maven.project.MavenProject;
import org.eclipse.aether.RepositorySystem;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;
import org.eclipse.aether.resolution.ArtifactResult;

/**
 * Puts a worker's class path together: the plugin and its dependencies, which Maven has resolved,
 * and PyTorch's native libraries (over 100 MB), which are resolved here, when something is about to
 * be quantized and not before. They come from the project's plugin repositories through Maven's
 * resolver, so that mirrors, proxies, credentials and {@code -o} are honoured.
 */
@Named
@Singleton
class WorkerFactory {
  private final RepositorySystem repositories;

  @Inject
  WorkerFactory(RepositorySystem repositories) {
    this.repositories = repositories;
  }

  /**
   * Makes a compiler that runs in a worker JVM.
   *
   * @throws CompileException if PyTorch's native libraries cannot be had
   */
  CompileFunction create(
      MavenSession session, MavenProject project, PluginDescriptor plugin, WorkerOptions options) {
    return process(session, project, plugin, options);
  }

  /**
   * Makes a verifier that runs in a worker JVM.
   *
   * @throws CompileException if PyTorch's native libraries cannot be had
   */
  VerifyFunction verifier(
      MavenSession session, MavenProject project, PluginDescriptor plugin, WorkerOptions options) {
    return process(session, project, plugin, options);
  }

  private WorkerProcess process(
      MavenSession session, MavenProject project, PluginDescriptor plugin, WorkerOptions options) {
    List<Path> classPath =
        Stream.concat(
                plugin.getArtifacts().stream().map(Artifact::getFile).filter(Objects::nonNull),
                natives(session, project))
            .map(File::toPath)
            .toList();
    return new WorkerProcess(
        new WorkerSettings(
            WorkerSettings.currentJava(),
            classPath,
            options.memory(),
            options.jvmArguments(),
            options.threads(),
            options.directory()));
  }

  private Stream<File> natives(MavenSession session, MavenProject project) {
    String platform =
        Platform.classifier(System.getProperty("os.name"), System.getProperty("os.arch"));
    List<ArtifactRequest> requests =
        new PytorchNatives(platform)
            .artifacts().stream()
                .map(a -> new ArtifactRequest(a, project.getRemotePluginRepositories(), "ptq4vm"))
                .toList();
    try {
      return repositories.resolveArtifacts(session.getRepositorySession(), requests).stream()
          .map(ArtifactResult::getArtifact)
          .map(org.eclipse.aether.artifact.Artifact::getFile);
    } catch (ArtifactResolutionException e) {
      throw new CompileException(
          "PyTorch's native libraries, which run the float model, could not be resolved: "
              + e.getMessage()
              + (session.isOffline()
                  ? ". Maven works offline (-o): run the goal once without -o."
                  : ". Check that the project's plugin repositories or mirrors offer them."),
          e);
    }
  }
}
