package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Checks the files that parameters name before the worker starts, so that a typing error costs no
 * time and its message names the XML element.
 *
 * @param base folder that relative paths start from
 */
record InputFiles(Path base) {

  /** The checkpoint; there is no default for it. */
  Path checkpoint(@Nullable File file) {
    if (file == null) {
      throw new CompileException(
          "No checkpoint is set: name the model's .pth, .ckpt or .safetensors file in <checkpoint>"
              + " in the plugin's <configuration>, or with -Dptq4vm.checkpoint=<file>.");
    }
    return file(file, "checkpoint");
  }

  /** A file that must be there. */
  Path file(File file, String element) {
    Path path = absolute(file, element);
    if (!Files.isRegularFile(path)) {
      throw new CompileException(
          "<%s> is %s, but %s: correct the path."
              .formatted(
                  element, path, Files.exists(path) ? "that is no file" : "there is no such file"));
    }
    return path;
  }

  /** A folder of images that must be there; what is in it, the compiler looks at. */
  Path images(@Nullable File file, String element) {
    Path path = absolute(file, element);
    if (!Files.isDirectory(path)) {
      throw new CompileException(
          "<%s> is %s, but there is no such folder: put images there, in one folder a class, or correct the path."
              .formatted(element, path));
    }
    return path;
  }

  /** A path that need not exist. */
  Path absolute(@Nullable File file, String element) {
    if (file == null) {
      throw new CompileException("<" + element + "> is empty: name a path.");
    }
    return base.resolve(file.toPath()).normalize();
  }
}
