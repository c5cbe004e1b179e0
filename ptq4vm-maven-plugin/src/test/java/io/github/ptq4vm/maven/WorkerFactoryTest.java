package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyCollection;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.worker.CompileFunction;
import io.github.ptq4vm.compiler.worker.WorkerProcess;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.descriptor.PluginDescriptor;
import org.apache.maven.project.MavenProject;
import org.eclipse.aether.RepositorySystem;
import org.eclipse.aether.RepositorySystemSession;
import org.eclipse.aether.artifact.Artifact;
import org.eclipse.aether.repository.RemoteRepository;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;
import org.eclipse.aether.resolution.ArtifactResult;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class WorkerFactoryTest {
  private final RepositorySystem repositories = mock(RepositorySystem.class);
  private final MavenSession session = mock(MavenSession.class);
  private final MavenProject project = mock(MavenProject.class);
  private final List<ArtifactRequest> asked = new ArrayList<>();
  private final RemoteRepository mirror =
      new RemoteRepository.Builder("mirror", "default", "https://example.com").build();

  private CompileFunction create() {
    RepositorySystemSession resolverSession = mock(RepositorySystemSession.class);
    when(session.getRepositorySession()).thenReturn(resolverSession);
    when(project.getRemotePluginRepositories()).thenReturn(List.of(mirror));
    PluginDescriptor plugin = new PluginDescriptor();
    plugin.setArtifacts(List.of());
    return new WorkerFactory(repositories)
        .create(session, project, plugin, new WorkerOptions("1g", List.of(), 1, Path.of("x")));
  }

  @Test
  @DisplayName("asks the plugin repositories for the native library and its glue, nothing else")
  void resolves() throws Exception {
    when(repositories.resolveArtifacts(any(), anyCollection()))
        .thenAnswer(
            invocation -> {
              asked.addAll(invocation.<Collection<ArtifactRequest>>getArgument(1));
              return asked.stream().map(WorkerFactoryTest::found).toList();
            });
    assertThat(create()).isInstanceOf(WorkerProcess.class);
    BuildFacts facts = BuildFacts.load();
    assertThat(asked)
        .extracting(request -> request.getArtifact().toString())
        .containsExactly(
            "ai.djl.pytorch:pytorch-jni:jar:" + facts.pytorchJni(),
            "ai.djl.pytorch:pytorch-native-cpu:jar:"
                + Platform.classifier(System.getProperty("os.name"), System.getProperty("os.arch"))
                + ":"
                + facts.pytorchNative());
    assertThat(asked)
        .allSatisfy(request -> assertThat(request.getRepositories()).containsExactly(mirror));
  }

  private static ArtifactResult found(ArtifactRequest request) {
    Artifact artifact = request.getArtifact().setFile(new File("x.jar"));
    return new ArtifactResult(request).setArtifact(artifact);
  }

  @Test
  @DisplayName("says what to do when the native library cannot be had, offline and online")
  void fails() throws Exception {
    when(repositories.resolveArtifacts(any(), anyCollection()))
        .thenThrow(new ArtifactResolutionException(List.of(), "It is not there"));
    assertThatThrownBy(this::create)
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("It is not there")
        .hasMessageContaining("mirrors");
    when(session.isOffline()).thenReturn(true);
    assertThatThrownBy(this::create)
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("run the goal once without -o");
  }
}
