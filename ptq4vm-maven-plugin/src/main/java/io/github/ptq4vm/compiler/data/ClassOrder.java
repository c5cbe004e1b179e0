package io.github.ptq4vm.compiler.data;

import io.github.ptq4vm.compiler.CompileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which class each folder of labelled images is. Folders are matched to the labels file by name: a
 * folder is called like a whole line or like its first word ({@code n01440764} for {@code n01440764
 * tench}). Without a labels file, or when no folder is called like any line, the n-th folder by
 * name is the n-th class, as torchvision has it.
 */
public final class ClassOrder {
  private ClassOrder() {}

  /**
   * Gives images the classes of the labels.
   *
   * @param folder labelled images
   * @param labels one label a class, or empty for none
   * @return the images, or the folder's own where nothing can be matched
   * @throws CompileException if some folders match and others do not: a top-1 measured on a guess
   *     would be wrong without anyone noticing
   */
  public static ImageSet match(ImageFolder folder, List<String> labels) {
    Map<String, Integer> classes = new HashMap<>();
    for (int i = 0; i < labels.size(); i++) {
      classes.putIfAbsent(labels.get(i).split("\\s", 2)[0], i);
    }
    for (int i = 0; i < labels.size(); i++) {
      classes.put(labels.get(i), i);
    }
    List<String> unknown =
        folder.classes().stream().filter(name -> !classes.containsKey(name)).toList();
    if (unknown.size() == folder.classes().size()) {
      return ImageSet.of(folder);
    }
    if (!unknown.isEmpty()) {
      throw new CompileException(
          ("The labels file has no line for the class folder \"%s\" of %s (%d of %d folders have"
                  + " one). Name each folder like a line of the labels file or like its first word.")
              .formatted(
                  unknown.get(0),
                  folder.directory(),
                  folder.classes().size() - unknown.size(),
                  folder.classes().size()));
    }
    List<ImageFile> files = new ArrayList<>();
    for (ImageFile file : folder.files()) {
      files.add(
          new ImageFile(file.path(), file.name(), classes.get(folder.classes().get(file.label()))));
    }
    return new ImageSet(files);
  }

  /** Whether folders and labels have no name in common, so that order alone decides. */
  public static boolean byOrder(ImageFolder folder, List<String> labels) {
    return !labels.isEmpty()
        && folder.classes().stream()
            .noneMatch(
                name ->
                    labels.stream()
                        .anyMatch(l -> l.equals(name) || l.split("\\s", 2)[0].equals(name)));
  }
}
