package io.github.ptq4vm.compiler.data;

import io.github.ptq4vm.compiler.CompileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A directory of images as torchvision's {@code ImageFolder} reads it: one folder a class, classes
 * numbered in the order of their names, JPEG and PNG files anywhere below them. Names are compared
 * by code point, endings without regard to case; hidden files and folders do not count.
 *
 * @param directory the directory
 * @param classes names of the class folders in order; empty if the images lie in the directory
 *     itself
 * @param files the images, class by class, within a class by folder and name
 */
public record ImageFolder(Path directory, List<String> classes, List<ImageFile> files) {

  private static final Comparator<ImageFile> ORDER =
      Comparator.comparing(ImageFile::folder, ImageFile.BY_CODE_POINT)
          .thenComparing(ImageFile::fileName, ImageFile.BY_CODE_POINT);

  /** Takes immutable copies. */
  public ImageFolder {
    classes = List.copyOf(classes);
    files = List.copyOf(files);
  }

  /**
   * Reads a directory whose labels matter: it needs class folders, and images in each of them.
   *
   * @throws CompileException if the directory, class folders or images are missing
   */
  public static ImageFolder labelled(Path directory) {
    ImageFolder folder = read(directory);
    if (folder.classes.isEmpty()) {
      throw new CompileException(
          ("The directory %s holds images but no class folders, so their classes are unknown. Put"
                  + " the images of each class into a folder of their own.")
              .formatted(directory));
    }
    for (int label = 0; label < folder.classes.size(); label++) {
      int wanted = label;
      if (folder.files.stream().noneMatch(file -> file.label() == wanted)) {
        throw new CompileException(
            ("The class folder %s holds no .jpg, .jpeg or .png file, but each class needs at least"
                    + " one. Add images or remove the folder.")
                .formatted(directory.resolve(folder.classes.get(label))));
      }
    }
    return folder;
  }

  /**
   * Reads a directory whose labels do not matter: class folders, or images in the directory itself.
   *
   * @throws CompileException if the directory or images are missing, or images lie both in the
   *     directory and in folders
   */
  public static ImageFolder unlabelled(Path directory) {
    return read(directory);
  }

  /**
   * Checks that labels are the numbers of a model's classes.
   *
   * @throws CompileException if there is another number of class folders
   */
  public void requireClasses(int expected) {
    if (classes.size() != expected) {
      throw new CompileException(
          ("The directory %s has %d class folders but the model has %d classes, so the folders'"
                  + " order does not give the labels. Provide one folder for each class.")
              .formatted(directory, classes.size(), expected));
    }
  }

  private static ImageFolder read(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new CompileException(
          "The image directory %s %s. Check the path."
              .formatted(directory, Files.exists(directory) ? "is a file" : "does not exist"));
    }
    List<Path> loose = new ArrayList<>();
    List<String> classes = new ArrayList<>();
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : (Iterable<Path>) entries.filter(e -> !isHidden(e))::iterator) {
        if (Files.isDirectory(entry)) {
          classes.add(entry.getFileName().toString());
        } else if (isImage(entry)) {
          loose.add(entry);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(directory, e);
    }
    classes.sort(ImageFile.BY_CODE_POINT);
    List<ImageFile> files = new ArrayList<>();
    for (int label = 0; label < classes.size(); label++) {
      addImages(directory, directory.resolve(classes.get(label)), label, files);
    }
    requireOneLayout(directory, loose, files);
    if (!loose.isEmpty()) {
      loose.forEach(path -> files.add(new ImageFile(path, path.getFileName().toString(), 0)));
      files.sort(ORDER);
      return new ImageFolder(directory, List.of(), files);
    }
    return new ImageFolder(directory, classes, files);
  }

  private static void requireOneLayout(Path directory, List<Path> loose, List<ImageFile> files) {
    if (loose.isEmpty() && files.isEmpty()) {
      throw new CompileException(
          ("The image directory %s holds no .jpg, .jpeg or .png files, neither itself nor in its"
                  + " folders. Put images there, or name another directory.")
              .formatted(directory));
    }
    if (!loose.isEmpty() && !files.isEmpty()) {
      throw new CompileException(
          ("The image directory %s holds images both itself, such as %s, and in class folders, such"
                  + " as %s. Move the former into class folders, or elsewhere.")
              .formatted(directory, loose.get(0).getFileName(), files.get(0).name()));
    }
  }

  private static void addImages(Path root, Path folder, int label, List<ImageFile> to) {
    List<ImageFile> found = new ArrayList<>();
    try (Stream<Path> tree = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      tree.filter(path -> isImage(path) && !Files.isDirectory(path))
          .forEach(path -> addUnlessHidden(root.relativize(path), path, label, found));
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
    found.sort(ORDER);
    to.addAll(found);
  }

  private static void addUnlessHidden(Path relative, Path path, int label, List<ImageFile> to) {
    List<String> parts = new ArrayList<>();
    for (Path part : relative) {
      if (isHidden(part)) {
        return;
      }
      parts.add(part.toString());
    }
    to.add(new ImageFile(path, String.join("/", parts), label));
  }

  private static boolean isHidden(Path path) {
    return path.getFileName().toString().startsWith(".");
  }

  private static boolean isImage(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".jpg") || name.endsWith(".jpeg") || name.endsWith(".png");
  }

  private static CompileException unreadable(Path directory, Exception cause) {
    return new CompileException(
        "The image directory %s cannot be read: %s. Check its permissions and links."
            .formatted(directory, cause),
        cause);
  }
}
