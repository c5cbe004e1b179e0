package io.github.ptq4vm.artifact;

import java.util.regex.Pattern;

/**
 * What a model is called: its Maven coordinates and, as the classifier, the variant.
 *
 * @param groupId group of the artifact, e.g. {@code com.acme.models}
 * @param artifactId name of the artifact, e.g. {@code vim-tiny}
 * @param version version of the model, e.g. {@code 1.2.0}
 * @param variant precision, e.g. {@code w4a4}
 */
public record ModelId(String groupId, String artifactId, String version, String variant) {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}");

  /** Checks that each part is a name that is safe in a path. */
  public ModelId {
    requireName("groupId", groupId);
    requireName("artifactId", artifactId);
    requireName("version", version);
    requireName("variant", variant);
  }

  /** Directory of a model's files, ending with a slash; the version is not part of it. */
  public static String directory(String groupId, String artifactId, String variant) {
    requireName("groupId", groupId);
    requireName("artifactId", artifactId);
    requireName("variant", variant);
    return ArtifactFormat.MODELS + groupId + "/" + artifactId + "/" + variant + "/";
  }

  /** Directory of this model's files, ending with a slash. */
  public String directory() {
    return directory(groupId, artifactId, variant);
  }

  /** The id {@code groupId:artifactId:version:variant}. */
  @Override
  public String toString() {
    return groupId + ":" + artifactId + ":" + version + ":" + variant;
  }

  private static void requireName(String what, String value) {
    if (!NAME.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "The "
              + what
              + " \""
              + value
              + "\" of a model should be made of letters, digits and the characters _.+- and start"
              + " with a letter, a digit or _.");
    }
  }
}
