package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.inject.Inject;
import javax.inject.Named;
import javax.inject.Singleton;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.project.MavenProject;
import org.eclipse.aether.RepositorySystem;
import org.eclipse.aether.artifact.Artifact;
import org.eclipse.aether.artifact.DefaultArtifact;
import org.eclipse.aether.resolution.ArtifactRequest;
import org.eclipse.aether.resolution.ArtifactResolutionException;

/**
 * Gets single files by their Maven coordinates through Maven's resolver, so that mirrors, proxies,
 * credentials and {@code -o} are honoured. Nothing that they depend on is resolved.
 */
@Named
@Singleton
class FileResolver {
  private static final String FORM = "groupId:artifactId:version[:type[:classifier]]";

  private final RepositorySystem repositories;

  @Inject
  FileResolver(RepositorySystem repositories) {
    this.repositories = repositories;
  }

  /**
   * The file at coordinates, from the project's repositories.
   *
   * @param coordinates as {@link #parse} reads them
   * @throws CompileException if the coordinates are none, or the file cannot be had
   */
  Path resolve(String coordinates, MavenSession session, MavenProject project) {
    Artifact artifact = parse(coordinates);
    ArtifactRequest request =
        new ArtifactRequest(artifact, project.getRemoteProjectRepositories(), "ptq4vm");
    try {
      return repositories
          .resolveArtifact(session.getRepositorySession(), request)
          .getArtifact()
          .getFile()
          .toPath();
    } catch (ArtifactResolutionException e) {
      throw new CompileException(
          "The artifact "
              + coordinates
              + " could not be resolved: "
              + e.getMessage()
              + (session.isOffline()
                  ? ". Maven works offline (-o): run the goal once without -o."
                  : ". Check the coordinates, and that a repository of the project or of"
                      + " settings.xml has it."),
          e);
    }
  }

  /**
   * Reads {@code groupId:artifactId:version[:type[:classifier]]}. A precision in the place of the
   * type, e.g. {@code com.acme:flowers:1.0.0:w4a4}, is the classifier of a jar.
   *
   * @throws CompileException if the text has another form
   */
  static Artifact parse(String coordinates) {
    List<String> parts = Arrays.stream(coordinates.split(":", -1)).map(String::strip).toList();
    if (parts.size() < 3 || parts.size() > 5 || parts.stream().anyMatch(String::isEmpty)) {
      throw new CompileException(
          "The coordinates \"%s\" should be %s, e.g. com.acme.models:flowers:1.0.0:jar:w4a4."
              .formatted(coordinates, FORM));
    }
    String type = parts.size() > 3 ? parts.get(3) : "jar";
    String classifier = parts.size() > 4 ? parts.get(4) : "";
    if (parts.size() == 4 && VariantNames.isName(type)) {
      classifier = type;
      type = "jar";
    }
    return new DefaultArtifact(parts.get(0), parts.get(1), classifier, type, parts.get(2));
  }
}
