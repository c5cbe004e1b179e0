package io.github.ptq4vm.maven;

import com.google.gson.JsonParseException;
import io.github.ptq4vm.artifact.FileDigest;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import io.github.ptq4vm.compiler.worker.WorkerJson;
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
   * failure none are taken for this run's. Of an earlier run's jars that are not built any more,
   * those go that are still as its result says: they are ours, and nobody's copy of something else.
   *
   * @param othersOfThisBuild classifiers that other executions have attached already
   * @return the names of jars that were deleted because they are not built any more
   * @throws CompileException if one of them cannot be deleted
   */
  List<String> prepare(List<Variant> variants, Set<String> othersOfThisBuild) throws IOException {
    Files.createDirectories(workDirectory());
    List<String> dropped =
        earlier().stream()
            .filter(old -> old != null && old.name() != null && VariantNames.isName(old.name()))
            .filter(old -> variants.stream().noneMatch(v -> v.name().equals(old.name())))
            .filter(old -> !othersOfThisBuild.contains(old.name()) && isAsWritten(old))
            .map(old -> jar(old.name()).getFileName().toString())
            .toList();
    dropped.forEach(name -> delete(directory.resolve(name)));
    delete(result());
    for (Variant variant : variants) {
      delete(jar(variant.name()));
    }
    return dropped;
  }

  private Path jar(String variant) {
    return directory.resolve(variant + ".jar");
  }

  /** What an earlier run has built; nothing if its result is not there or not readable. */
  private List<VariantResult> earlier() throws IOException {
    if (!Files.isRegularFile(result())) {
      return List.of();
    }
    try {
      CompileResult earlier = WorkerJson.read(result(), CompileResult.class);
      return earlier == null || earlier.variants() == null ? List.of() : earlier.variants();
    } catch (JsonParseException e) {
      return List.of();
    }
  }

  private boolean isAsWritten(VariantResult old) {
    Path jar = jar(old.name());
    try {
      return Files.isRegularFile(jar)
          && Files.size(jar) == old.bytes()
          && FileDigest.of(Files.readAllBytes(jar)).sha256().equals(old.sha256());
    } catch (IOException e) {
      return false;
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
