package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Where the files of one execution of the goal go. All executions of a module put their jars into
 * one folder, because no two of them may build the same variant. What else they write goes there
 * too, but for executions with an id of their own into a folder of that name.
 *
 * @param directory folder of the jars
 * @param executionId the execution's id
 */
record OutputFiles(Path directory, String executionId) {
  /** Ids that Maven gives to executions without one. */
  private static final Set<String> DEFAULT_IDS = Set.of("default", "default-cli");

  /** Folder of the result and of the worker's files. */
  Path workDirectory() {
    return DEFAULT_IDS.contains(executionId) ? directory : directory.resolve(fileName(executionId));
  }

  /** The file that says what came out. */
  Path result() {
    return workDirectory().resolve("quantize-result.json");
  }

  /**
   * Makes the folders, and deletes the result and the jars of an earlier run, so that after a
   * failure none are taken for this run's.
   *
   * @throws CompileException if one of them cannot be deleted
   */
  void prepare(List<Variant> variants) throws IOException {
    Files.createDirectories(workDirectory());
    delete(result());
    for (Variant variant : variants) {
      delete(directory.resolve(variant.name() + ".jar"));
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new CompileException(
          "The file %s of an earlier run cannot be deleted (%s): end what uses it, or delete it."
              .formatted(file, e),
          e);
    }
  }

  /** A different name for every id, which may hold any character. */
  private static String fileName(String id) {
    String encoded = URLEncoder.encode(id, StandardCharsets.UTF_8).replace("*", "%2A");
    return encoded.startsWith(".") ? "%2E" + encoded.substring(1) : encoded;
  }
}
