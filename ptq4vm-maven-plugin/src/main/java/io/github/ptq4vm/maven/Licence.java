package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.maven.model.License;
import org.jspecify.annotations.Nullable;

/**
 * The licence a model is given under; it travels in the artifact.
 *
 * @param name SPDX name, or {@link #UNKNOWN}
 * @param text its text, or where to find it
 */
record Licence(String name, String text) {
  /** SPDX's word for a licence nobody stated. */
  static final String UNKNOWN = "NOASSERTION";

  private static final long MAX_BYTES = 1 << 20;

  /**
   * The licence of the parameters, or else of the project.
   *
   * @param name the parameter {@code <license>}, or null
   * @param file the parameter {@code <licenseFile>}, or null
   * @param ofProject the pom's {@code <licenses>}
   * @throws CompileException if the file cannot be read
   */
  static Licence of(@Nullable String name, @Nullable Path file, List<License> ofProject) {
    License first = ofProject.isEmpty() ? null : ofProject.get(0);
    String effective = name;
    if (effective == null && first != null) {
      effective = first.getName();
    }
    if (effective == null || effective.isBlank()) {
      effective = UNKNOWN;
    }
    return new Licence(effective, file == null ? reference(effective, name, first) : read(file));
  }

  private static String reference(
      String effective, @Nullable String name, @Nullable License ofProject) {
    if (effective.equals(UNKNOWN)) {
      return "The producer of this model stated no licence.\n";
    }
    boolean known = name == null && ofProject != null && ofProject.getUrl() != null;
    return "This model is licensed under "
        + effective
        + (known ? ", see " + ofProject.getUrl() : "")
        + ".\n";
  }

  private static String read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new CompileException(
            "<licenseFile> " + file + " is larger than 1 MiB, so it is hardly a licence's text.");
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw new CompileException(
          "<licenseFile> " + file + " cannot be read as UTF-8 text: " + e + ".", e);
    }
  }
}
