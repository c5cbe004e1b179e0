package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;

import io.github.ptq4vm.compiler.CompileException;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.project.MavenProject;
import org.eclipse.aether.RepositorySystem;
import org.eclipse.aether.RepositorySystemSession;
import org.eclipse.aether.repository.RemoteRepository;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;
import org.eclipse.aether.resolution.ArtifactResult;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InspectMojoTest {
  private static final File FOLDER =
      Path.of("../it/samples/quickstart/model/src/main/ptq4vm")
          .toAbsolutePath()
          .normalize()
          .toFile();
  private static final File SAMPLE = new File(FOLDER, "vim_nano_shapes.pth");

  private final RecordingLog log = new RecordingLog();
  private final RepositorySystem repositories = mock(RepositorySystem.class);
  private final MavenProject project = mock(MavenProject.class);
  private final MavenSession session = mock(MavenSession.class);
  private final List<ArtifactRequest> asked = new ArrayList<>();
  private final RemoteRepository mirror =
      new RemoteRepository.Builder("mirror", "default", "https://example.com").build();
  private InspectMojo mojo;

  @BeforeEach
  void prepare() {
    when(session.getRepositorySession()).thenReturn(mock(RepositorySystemSession.class));
    when(project.getRemoteProjectRepositories()).thenReturn(List.of(mirror));
    when(session.getExecutionRootDirectory()).thenReturn(FOLDER.toString());
    mojo = new InspectMojo(new FileResolver(repositories));
    mojo.setLog(log);
    mojo.project = project;
    mojo.session = session;
  }

  @Test
  @DisplayName("logs a line for each fact of a file, and asks no repository for anything")
  void file() throws Exception {
    mojo.file = SAMPLE;
    mojo.execute();
    assertThat(log.lines)
        .anySatisfy(line -> assertThat(line).matches("info architecture +Vim of width .*"))
        .anySatisfy(line -> assertThat(line).matches("info linear.in_proj +\\d+ x .*"));
    verifyNoInteractions(repositories);
  }

  @Test
  @DisplayName("takes a relative path from the folder Maven was called for")
  void relative() throws Exception {
    mojo.file = new File(SAMPLE.getName());
    mojo.execute();
    assertThat(log.lines).anySatisfy(line -> assertThat(line).contains("Vim of width"));
    mojo.file = new File("pom.xml");
    assertFailure("<file> is " + new File(FOLDER, "pom.xml") + ", but there is no such file");
  }

  @Test
  @DisplayName("resolves coordinates from the project's repositories, and nothing besides")
  void coordinates() throws Exception {
    when(repositories.resolveArtifact(any(), any()))
        .thenAnswer(
            invocation -> {
              ArtifactRequest request = invocation.getArgument(1);
              asked.add(request);
              return new ArtifactResult(request).setArtifact(request.getArtifact().setFile(SAMPLE));
            });
    mojo.artifact = "g:a:1:pth";
    mojo.execute();
    assertThat(asked).hasSize(1);
    assertThat(asked.get(0).getArtifact()).hasToString("g:a:pth:1");
    assertThat(asked.get(0).getRepositories()).containsExactly(mirror);
    assertThat(log.lines).anySatisfy(line -> assertThat(line).contains("Vim of width"));
  }

  @Test
  @DisplayName("says what to do when coordinates cannot be resolved, offline and online")
  void unresolvable() throws Exception {
    when(repositories.resolveArtifact(any(), any()))
        .thenThrow(new ArtifactResolutionException(List.of(), "It is not there"));
    mojo.artifact = "g:a:1";
    assertFailure("It is not there");
    assertFailure("a repository of the project");
    when(session.isOffline()).thenReturn(true);
    assertFailure("run the goal once without -o");
  }

  @ParameterizedTest
  @CsvSource({
    "g:a:1,g:a:jar:1",
    "g:a:1:w4a4,g:a:jar:w4a4:1",
    "g:a:1:jar:w4a4,g:a:jar:w4a4:1",
    "g : a : 1 : safetensors,g:a:safetensors:1",
  })
  @DisplayName("reads coordinates as other plugins do, and a precision as a jar's classifier")
  void parsed(String text, String artifact) {
    assertThat(FileResolver.parse(text)).hasToString(artifact);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "g:a", "g:a:1:", "g::1", "g:a:1:jar:x:y"})
  @DisplayName("refuses other coordinates with the form they should have")
  void refused(String text) {
    assertThatThrownBy(() -> FileResolver.parse(text))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining("groupId:artifactId:version[:type[:classifier]]");
  }

  @Test
  @DisplayName("needs either a file or coordinates, and sound parameters")
  void parameters() {
    assertFailure("Nothing to inspect is named");
    mojo.file = SAMPLE;
    mojo.artifact = "g:a:1";
    assertFailure("Both a file and an artifact are named");
    mojo.artifact = null;
    mojo.stride = 0;
    assertFailure("<stride> is 0");
    mojo.stride = null;
    mojo.imageSize = "big";
    assertFailure("<imageSize> is \"big\"");
    mojo.imageSize = null;
    mojo.sha256 = "00";
    assertFailure("but 00 is expected");
    mojo.file = new File("none.pth");
    assertFailure("there is no such file");
  }

  private void assertFailure(String message) {
    assertThatThrownBy(mojo::execute)
        .isExactlyInstanceOf(MojoFailureException.class)
        .hasMessageContaining(message);
  }
}
