package io.github.ptq4vm.compiler.data;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileRequest.Selection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Chooses the calibration images and their order.
 *
 * <ul>
 *   <li>{@link Selection#STRATIFIED}: round robin over the class folders. The order of the folders
 *       is drawn from the seed, and so is each folder's order of images, the latter from the
 *       folder's name as well: another folder does not change it. A folder that has run out is
 *       passed over.
 *   <li>{@link Selection#NAME}: by file name, then by folder, both by code point; the seed plays no
 *       part. Where file names are numbers of equal length this is the order of the numbers.
 * </ul>
 */
public final class CalibrationSelection {
  private static final Comparator<ImageFile> BY_NAME =
      Comparator.comparing(ImageFile::fileName, ImageFile.BY_CODE_POINT)
          .thenComparing(ImageFile::folder, ImageFile.BY_CODE_POINT);

  private CalibrationSelection() {}

  /**
   * The first images in an order.
   *
   * @param images how many at most; all if there are fewer
   * @param seed decides the order if it is drawn
   * @throws CompileException if {@code images} is not positive
   */
  public static ImageSet select(ImageFolder folder, Selection selection, int images, long seed) {
    if (images < 1) {
      throw new CompileException(
          "Calibration needs at least one image but %d were asked for. Raise the number."
              .formatted(images));
    }
    List<ImageFile> ordered =
        switch (selection) {
          case STRATIFIED -> roundRobin(folder.files(), seed);
          case NAME -> folder.files().stream().sorted(BY_NAME).toList();
        };
    return new ImageSet(ordered.subList(0, Math.min(images, ordered.size())));
  }

  private static List<ImageFile> roundRobin(List<ImageFile> files, long seed) {
    Map<Integer, List<ImageFile>> byLabel = new TreeMap<>();
    for (ImageFile file : files) {
      byLabel.computeIfAbsent(file.label(), label -> new ArrayList<>()).add(file);
    }
    List<List<ImageFile>> folders = new ArrayList<>(byLabel.values());
    for (List<ImageFile> images : folders) {
      new Shuffle(seed, "folder " + classFolder(images.get(0))).apply(images);
    }
    new Shuffle(seed, "folders").apply(folders);
    List<ImageFile> result = new ArrayList<>(files.size());
    for (int round = 0; result.size() < files.size(); round++) {
      for (List<ImageFile> images : folders) {
        if (round < images.size()) {
          result.add(images.get(round));
        }
      }
    }
    return result;
  }

  private static String classFolder(ImageFile file) {
    return file.name().substring(0, Math.max(0, file.name().indexOf('/')));
  }
}
