package io.github.ptq4vm.maven;

import java.util.Locale;
import java.util.Optional;

/** JCuda's native library: the jar that an application needs besides the driver to use a GPU. */
final class JcudaNatives {
  private JcudaNatives() {}

  /** The jar's classifier; empty for platforms for which none is published. */
  static Optional<String> classifier(String system, String architecture) {
    String processor = architecture.toLowerCase(Locale.ROOT);
    String name = system.toLowerCase(Locale.ROOT);
    if (!processor.equals("amd64") && !processor.equals("x86_64")) {
      return Optional.empty();
    }
    return name.startsWith("linux")
        ? Optional.of("linux-x86_64")
        : name.startsWith("windows") ? Optional.of("windows-x86_64") : Optional.empty();
  }

  /** Whether the library for a platform can be loaded from the class path of this plugin. */
  static boolean areOnClassPath(String system, String architecture) {
    return classifier(system, architecture)
        .map(platform -> resource(platform, BuildFacts.load().jcuda()))
        .map(name -> JcudaNatives.class.getClassLoader().getResource(name))
        .isPresent();
  }

  static String resource(String classifier, String version) {
    return classifier.startsWith("windows")
        ? "lib/JCudaDriver-" + version + "-" + classifier + ".dll"
        : "lib/libJCudaDriver-" + version + "-" + classifier + ".so";
  }

  /** The dependency to add, ready to be pasted. */
  static String dependency(String classifier, String version) {
    return "<dependency><groupId>org.jcuda</groupId><artifactId>jcuda-natives</artifactId><version>"
        + version
        + "</version><classifier>"
        + classifier
        + "</classifier></dependency>";
  }

  /**
   * A failure's message; where it asks for this library, with the place in the pom where a goal of
   * this plugin finds it.
   */
  static String inThePlugin(String message) {
    return message.contains("org.jcuda:jcuda-natives")
        ? message
            + " For a goal of this plugin, the dependency belongs into the <dependencies> of the"
            + " <plugin>, not into those of the project"
            + classifier(System.getProperty("os.name", ""), System.getProperty("os.arch", ""))
                .map(platform -> ": " + dependency(platform, BuildFacts.load().jcuda()))
                .orElse(".")
        : message;
  }

  /** Whether the library is there, or how to get it. */
  static String describe(String system, String architecture, boolean onClassPath) {
    Optional<String> classifier = classifier(system, architecture);
    String version = BuildFacts.load().jcuda();
    if (classifier.isEmpty()) {
      return "none: org.jcuda:jcuda-natives:"
          + version
          + " is published for linux-x86_64 and windows-x86_64, not for "
          + system
          + " on "
          + architecture
          + ", so models run on the processor";
    }
    if (onClassPath) {
      return "org.jcuda:jcuda-natives:"
          + version
          + ":"
          + classifier.get()
          + " is on the class path of this plugin; an application needs it on its own";
    }
    return "not on the class path of this plugin. Who wants a GPU adds "
        + dependency(classifier.get(), version)
        + " to the <dependencies> of the application and, for verify with <device>, to those of the"
        + " <plugin>";
  }
}
