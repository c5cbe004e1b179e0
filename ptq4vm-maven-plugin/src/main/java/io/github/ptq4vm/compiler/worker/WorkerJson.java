package io.github.ptq4vm.compiler.worker;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/** JSON form of the compiler's records. Paths become strings; NaN and infinities are kept. */
public final class WorkerJson {
  private static final GsonBuilder BUILDER =
      new GsonBuilder()
          .registerTypeHierarchyAdapter(Path.class, new PathAdapter())
          .serializeSpecialFloatingPointValues()
          .disableHtmlEscaping();

  /** On one line. */
  static final Gson COMPACT = BUILDER.create();

  private static final Gson PRETTY = BUILDER.setPrettyPrinting().create();

  private WorkerJson() {}

  /**
   * Writes a record as an indented UTF-8 file. The file appears whole or not at all; one that is
   * there already is replaced, or left alone if writing fails.
   *
   * @throws IOException if the file cannot be written
   */
  public static void write(Path file, Object value) throws IOException {
    Path part = file.resolveSibling("." + file.getFileName() + ".part");
    try {
      Files.writeString(part, PRETTY.toJson(value) + "\n", StandardCharsets.UTF_8);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /**
   * Reads a record from a UTF-8 file.
   *
   * @throws IOException if the file cannot be read
   * @throws com.google.gson.JsonParseException if it does not hold such a record
   */
  public static <T> @Nullable T read(Path file, Class<T> type) throws IOException {
    return COMPACT.fromJson(Files.readString(file, StandardCharsets.UTF_8), type);
  }

  private static final class PathAdapter extends TypeAdapter<@Nullable Path> {
    @Override
    public void write(JsonWriter out, @Nullable Path path) throws IOException {
      out.value(path == null ? null : path.toString());
    }

    @Override
    public @Nullable Path read(JsonReader in) throws IOException {
      if (in.peek() == JsonToken.NULL) {
        in.nextNull();
        return null;
      }
      return Path.of(in.nextString());
    }
  }
}
