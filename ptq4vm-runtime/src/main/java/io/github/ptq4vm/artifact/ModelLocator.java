package io.github.ptq4vm.artifact;

import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.ModelNotFoundException;
import io.github.ptq4vm.UnsupportedModelException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds models in a jar or on a class path, and reads them.
 *
 * <p>Class loaders are asked in the order given; null stands for none and is passed over.
 */
public final class ModelLocator {

  private static final int MAX_LIST_BYTES = 1 << 20;

  private ModelLocator() {}

  /**
   * Reads the one model a jar holds.
   *
   * @throws ModelNotFoundException if there is no such jar, or it holds no or several models
   * @throws CorruptModelException if the jar or the model is damaged
   * @throws UnsupportedModelException if the model needs a newer runtime
   */
  public static Artifact read(Path jar) {
    try (JarFiles files = new JarFiles(jar)) {
      List<ModelId> ids = list(files);
      if (ids.size() != 1) {
        throw new ModelNotFoundException(
            "\""
                + jar
                + "\" holds "
                + ids.size()
                + " models: "
                + ids
                + ". A jar that is loaded by its path should hold one; put the jar on the class"
                + " path and name the model instead.");
      }
      return ArtifactReader.read(files, ids.get(0).directory());
    }
  }

  /**
   * Reads a model on a class path.
   *
   * @throws ModelNotFoundException if no class loader has the model, or one has it twice and
   *     different
   * @throws CorruptModelException if the model is damaged
   * @throws UnsupportedModelException if the model needs a newer runtime
   */
  public static Artifact read(
      String groupId, String artifactId, String variant, List<@Nullable ClassLoader> loaders) {
    String directory = directory(groupId, artifactId, variant);
    for (ClassLoader loader : distinct(loaders)) {
      if (loader.getResource(directory + ArtifactFormat.MODEL) != null) {
        requireOne(loader, directory + ArtifactFormat.MODEL_DIGEST);
        return ArtifactReader.read(new LoaderFiles(loader), directory);
      }
    }
    throw new ModelNotFoundException(
        "The model "
            + groupId
            + ":"
            + artifactId
            + " in the variant "
            + variant
            + " is not on the class path: there is no "
            + directory
            + ArtifactFormat.MODEL
            + " for the class loaders "
            + distinct(loaders)
            + ", which list the models "
            + list(loaders)
            + ". Add the model's jar as a dependency, with the variant as its classifier.");
  }

  /**
   * Reads the one model on a class path.
   *
   * @throws ModelNotFoundException if there are no or several models
   * @throws CorruptModelException if the model is damaged
   * @throws UnsupportedModelException if the model needs a newer runtime
   */
  public static Artifact read(List<@Nullable ClassLoader> loaders) {
    List<ModelId> ids = list(loaders);
    if (ids.size() != 1) {
      throw new ModelNotFoundException(
          "There are "
              + ids.size()
              + " models on the class path: "
              + ids
              + ", seen by the class loaders "
              + distinct(loaders)
              + (ids.isEmpty()
                  ? ". Add the jar of a model as a dependency."
                  : ". Name the one to load."));
    }
    ModelId id = ids.get(0);
    return read(id.groupId(), id.artifactId(), id.variant(), loaders);
  }

  /**
   * The models a jar lists, sorted.
   *
   * @throws ModelNotFoundException if there is no such jar
   * @throws CorruptModelException if the jar or its list is damaged
   */
  public static List<ModelId> list(Path jar) {
    try (JarFiles files = new JarFiles(jar)) {
      return list(files);
    }
  }

  /**
   * The models that jars and directories on a class path list, sorted.
   *
   * @throws CorruptModelException if a list is damaged
   */
  public static List<ModelId> list(List<@Nullable ClassLoader> loaders) {
    SortedMap<String, ModelId> ids = new TreeMap<>();
    for (ClassLoader loader : distinct(loaders)) {
      for (URL url : resources(loader, ArtifactFormat.MODELS_LIST)) {
        parse(read(url, MAX_LIST_BYTES), "\"" + url + "\"")
            .forEach(id -> ids.put(id.toString(), id));
      }
    }
    return List.copyOf(ids.values());
  }

  private static List<ModelId> list(JarFiles files) {
    try (InputStream in = files.open(ArtifactFormat.MODELS_LIST)) {
      if (in == null) {
        return List.of();
      }
    } catch (IOException e) {
      throw new CorruptModelException(
          files.describe(ArtifactFormat.MODELS_LIST) + " cannot be read: " + e.getMessage(), e);
    }
    SortedMap<String, ModelId> ids = new TreeMap<>();
    parse(
            files.read(ArtifactFormat.MODELS_LIST, MAX_LIST_BYTES),
            files.describe(ArtifactFormat.MODELS_LIST))
        .forEach(id -> ids.put(id.toString(), id));
    return List.copyOf(ids.values());
  }

  private static List<ModelId> parse(byte[] list, String name) {
    List<ModelId> ids = new ArrayList<>();
    for (String line : new String(list, StandardCharsets.UTF_8).split("\n")) {
      if (line.isBlank()) {
        continue;
      }
      String[] parts = line.strip().split(":", -1);
      try {
        if (parts.length != 4) {
          throw new IllegalArgumentException("It has " + parts.length + " parts.");
        }
        ids.add(new ModelId(parts[0], parts[1], parts[2], parts[3]));
      } catch (IllegalArgumentException e) {
        throw new CorruptModelException(
            name
                + " has the line \""
                + line
                + "\", which should be groupId:artifactId:version:variant. "
                + e.getMessage()
                + " "
                + ArtifactReader.ADVICE,
            e);
      }
    }
    return ids;
  }

  private static String directory(String groupId, String artifactId, String variant) {
    try {
      return ModelId.directory(groupId, artifactId, variant);
    } catch (IllegalArgumentException e) {
      throw new ModelNotFoundException(e.getMessage() + " There is no such model.", e);
    }
  }

  /** Two versions of one model on a class path would silently hide each other. */
  private static void requireOne(ClassLoader loader, String digestFile) {
    Map<String, URL> contents = new LinkedHashMap<>();
    for (URL url : resources(loader, digestFile)) {
      contents.put(new String(read(url, MAX_LIST_BYTES), StandardCharsets.ISO_8859_1), url);
    }
    if (contents.size() > 1) {
      throw new ModelNotFoundException(
          "The class path holds the same model in different versions: "
              + contents.values()
              + ". Keep one of them.");
    }
  }

  private static List<ClassLoader> distinct(List<@Nullable ClassLoader> loaders) {
    List<ClassLoader> distinct = new ArrayList<>();
    for (ClassLoader loader : loaders) {
      if (loader != null && !distinct.contains(loader)) {
        distinct.add(loader);
      }
    }
    return distinct;
  }

  private static List<URL> resources(ClassLoader loader, String name) {
    try {
      return Collections.list(loader.getResources(name));
    } catch (IOException e) {
      throw new CorruptModelException(
          "The class loader " + loader + " cannot look for " + name + ": " + e.getMessage(), e);
    }
  }

  private static byte[] read(URL url, int maxBytes) {
    try (InputStream in = LoaderFiles.open(url)) {
      return in.readNBytes(maxBytes);
    } catch (IOException e) {
      throw new CorruptModelException(
          "\"" + url + "\" cannot be read: " + e.getMessage() + ". " + ArtifactReader.ADVICE, e);
    }
  }
}
