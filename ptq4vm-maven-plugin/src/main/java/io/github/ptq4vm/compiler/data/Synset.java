package io.github.ptq4vm.compiler.data;

import io.github.ptq4vm.compiler.CompileException;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What the classes are called: a UTF-8 file with one label a line, in the order of the logits. */
public final class Synset {

  /** Labels are short; whatever is larger is another kind of file. */
  private static final long MAX_BYTES = 1 << 24;

  private Synset() {}

  /**
   * The labels of a model.
   *
   * @param file file with one label a line, or null for none
   * @param folder labelled images whose class folders name the classes if there is no file, or null
   * @param classes number of logits
   * @return one label a class, or an empty list if there is neither a file nor a folder
   * @throws CompileException if the file cannot be read, or the number of labels or class folders
   *     is not that of the classes
   */
  public static List<String> labels(
      @Nullable Path file, @Nullable ImageFolder folder, int classes) {
    if (file != null) {
      return read(file, classes);
    }
    if (folder != null) {
      folder.requireClasses(classes);
      return folder.classes();
    }
    return List.of();
  }

  /**
   * Reads a labels file. White space around labels and blank lines at the end do not count.
   *
   * @param classes number of labels there must be
   * @throws CompileException if the file cannot be read, has a blank line between labels, or
   *     another number of labels
   */
  public static List<String> read(Path file, int classes) {
    List<String> lines = lines(file);
    int count = lines.size();
    while (count > 0 && lines.get(count - 1).isEmpty()) {
      count--;
    }
    List<String> labels = lines.subList(0, count);
    if (labels.contains("")) {
      throw new CompileException(
          "Line %d of the labels file %s is blank, but each class needs a label. Fill it in."
              .formatted(labels.indexOf("") + 1, file));
    }
    if (count != classes) {
      throw new CompileException(
          ("The labels file %s has %d labels but the model has %d classes. Provide one label a"
                  + " line for each class.")
              .formatted(file, count, classes));
    }
    return List.copyOf(labels);
  }

  private static List<String> lines(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new CompileException(
            "The labels file %s has %d bytes, more than any list of labels. Check the path."
                .formatted(file, Files.size(file)));
      }
      List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
      return IntStream.range(0, lines.size())
          .mapToObj(i -> i == 0 ? withoutByteOrderMark(lines.get(0)) : lines.get(i))
          .map(String::strip)
          .toList();
    } catch (MalformedInputException e) {
      throw new CompileException(
          "The labels file %s is not UTF-8 text. Save it as UTF-8.".formatted(file), e);
    } catch (IOException e) {
      throw new CompileException(
          "The labels file %s cannot be read: %s. Check the path.".formatted(file, e), e);
    }
  }

  private static String withoutByteOrderMark(String line) {
    return line.startsWith("\ufeff") ? line.substring(1) : line;
  }
}
