package io.github.ptq4vm.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The image files that arguments name. */
final class ImageFiles {

  private ImageFiles() {}

  /**
   * A file, or a directory without any.
   *
   * @param error what is wrong with it, or null
   */
  record Found(Path file, @Nullable String error) {}

  /**
   * Files as they are named; of a directory, every file below it whose name ends as that of a JPEG
   * or PNG file, sorted by path. Symbolic links are followed, as data sets are often made of them.
   */
  static List<Found> below(List<Path> paths) {
    List<Found> found = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        addBelow(path, found);
      } else {
        found.add(new Found(path, null));
      }
    }
    return found;
  }

  private static void addBelow(Path directory, List<Found> found) {
    try (Stream<Path> walk = Files.walk(directory, FileVisitOption.FOLLOW_LINKS)) {
      List<Path> files =
          walk.filter(ImageFiles::isImage)
              .filter(Files::isRegularFile)
              .sorted(Comparator.comparing(Path::toString))
              .toList();
      files.forEach(file -> found.add(new Found(file, null)));
      if (files.isEmpty()) {
        found.add(new Found(directory, "The directory holds no JPEG or PNG files."));
      }
    } catch (IOException | UncheckedIOException e) {
      found.add(new Found(directory, "The directory cannot be read: " + reason(e)));
    }
  }

  private static String reason(Exception problem) {
    return problem.getCause() instanceof FileSystemLoopException loop
        ? "the symbolic link " + loop.getFile() + " leads back to where it lies. Remove the link."
        : problem.getMessage();
  }

  private static boolean isImage(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".jpg") || name.endsWith(".jpeg") || name.endsWith(".png");
  }
}
