package io.github.ptq4vm.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Lets JCuda unpack its native library into a folder that only this process uses. JCuda unpacks to
 * a fixed name in the folder for temporary files and takes what lies there already, which another
 * user may have put there.
 */
final class PrivateNatives {
  private static final String TEMPORARY = "java.io.tmpdir";

  private PrivateNatives() {}

  /**
   * Runs what loads JCuda. Meanwhile the folder for temporary files is another one for the whole
   * process, so it should do nothing else.
   */
  static synchronized <T> T load(Supplier<T> loader) {
    String usual = System.getProperty(TEMPORARY);
    Path folder;
    try {
      // The JVM remembers the folder of the first such file for good: it must be the usual one.
      Files.delete(File.createTempFile("ptq4vm-", ".tmp").toPath());
      folder = Files.createTempDirectory("ptq4vm-jcuda-");
    } catch (IOException e) {
      throw (LinkageError)
          new UnsatisfiedLinkError(
                  "AccessDenied: no folder could be made in " + usual + ": " + e.getMessage())
              .initCause(e);
    }
    System.setProperty(TEMPORARY, folder.toString());
    try {
      return loader.get();
    } finally {
      System.setProperty(TEMPORARY, usual);
      delete(folder.toFile());
    }
  }

  /** At once where a loaded library may be deleted, otherwise when the JVM ends. */
  private static void delete(File folder) {
    File[] files = folder.listFiles();
    if (files != null) {
      folder.deleteOnExit();
      for (File file : files) {
        if (!file.delete()) {
          file.deleteOnExit();
        }
      }
    }
    if (!folder.delete()) {
      folder.deleteOnExit();
    }
  }
}
