package io.github.ptq4vm.maven;

import java.util.Collection;
import java.util.Optional;
import org.apache.maven.model.Dependency;

/**
 * Checks that a producer's pom carries the runtime: then a consumer that declares the model gets
 * what runs it too.
 */
final class RuntimeDependency {
  private static final String GROUP = "io.github.ptq4vm";
  private static final String ARTIFACT = "ptq4vm-runtime";

  private RuntimeDependency() {}

  /** A sentence with the XML to add if no dependency passes the runtime on; else empty. */
  static Optional<String> missing(Collection<Dependency> dependencies, String version) {
    if (dependencies.stream().anyMatch(RuntimeDependency::isPassedOn)) {
      return Optional.empty();
    }
    return Optional.of(
        "This project does not depend on the runtime, so whoever depends on its models has to add"
            + " it by hand. Add to the pom:\n"
            + """
            <dependency>
              <groupId>%s</groupId>
              <artifactId>%s</artifactId>
              <version>%s</version>
            </dependency>"""
                .formatted(GROUP, ARTIFACT, version));
  }

  private static boolean isPassedOn(Dependency dependency) {
    String scope = dependency.getScope();
    return GROUP.equals(dependency.getGroupId())
        && ARTIFACT.equals(dependency.getArtifactId())
        && !dependency.isOptional()
        && (scope == null || scope.isEmpty() || scope.equals("compile") || scope.equals("runtime"));
  }
}
