package io.github.ptq4vm.artifact;

import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.ModelNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** Files in a jar on disk. Names that occur twice or lead out of the jar are refused. */
final class JarFiles implements ModelFiles, AutoCloseable {

  private final Path jar;
  private final ZipFile zip;

  /**
   * Opens a jar.
   *
   * @throws ModelNotFoundException if there is no such file
   * @throws CorruptModelException if it is no sound jar
   */
  JarFiles(Path jar) {
    this.jar = jar;
    if (!Files.isRegularFile(jar)) {
      throw new ModelNotFoundException(
          "There is no file \""
              + jar
              + "\". Name the jar of a model, for example target/my-model-1.0-w8a8.jar.");
    }
    try {
      this.zip = new ZipFile(jar.toFile());
    } catch (IOException | IllegalArgumentException e) {
      throw new CorruptModelException(
          "\"" + jar + "\" is no sound jar: " + e.getMessage() + ". " + ArtifactReader.ADVICE, e);
    }
    try {
      requireSoundNames();
    } catch (CorruptModelException e) {
      close();
      throw e;
    }
  }

  private void requireSoundNames() {
    Set<String> names = new HashSet<>();
    zip.stream()
        .map(ZipEntry::getName)
        .forEach(
            name -> {
              if (!names.add(name)) {
                throw new CorruptModelException(
                    "\"" + jar + "\" holds \"" + name + "\" twice. " + ArtifactReader.ADVICE);
              }
              if (name.startsWith("/")
                  || name.contains("\\")
                  || Arrays.asList(name.split("/")).contains("..")) {
                throw new CorruptModelException(
                    "\""
                        + jar
                        + "\" holds the name \""
                        + name
                        + "\", which leads out of the jar. Do not use this jar, and tell whoever"
                        + " published it.");
              }
            });
  }

  @Override
  public @Nullable InputStream open(String name) throws IOException {
    try {
      ZipEntry entry = zip.getEntry(name);
      return entry == null ? null : zip.getInputStream(entry);
    } catch (IllegalArgumentException e) {
      throw new IOException(e);
    }
  }

  @Override
  public String describe(String name) {
    return "\"" + jar + "!/" + name + "\"";
  }

  @Override
  public void close() {
    try {
      zip.close();
    } catch (IOException e) {
      throw new CorruptModelException("\"" + jar + "\" cannot be closed: " + e.getMessage(), e);
    }
  }
}
