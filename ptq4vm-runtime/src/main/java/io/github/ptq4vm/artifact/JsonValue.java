package io.github.ptq4vm.artifact;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.ptq4vm.CorruptModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A JSON value that knows where it stands, so that whatever is wrong with it can be said with its
 * path.
 *
 * @param element the value
 * @param document what messages call the document
 * @param path where the value stands in it, e.g. {@code $.files.synset.txt.size}
 */
record JsonValue(JsonElement element, String document, String path) {

  private static final Pattern INTEGER = Pattern.compile("-?(0|[1-9][0-9]{0,18})");
  private static final int SHOWN_CHARACTERS = 80;

  /** Parses a document, which must be an object. */
  static JsonValue parse(byte[] utf8, String document) {
    JsonValue root = new JsonValue(StrictJson.parse(utf8, document), document, "$");
    root.object();
    return root;
  }

  /** Names of the fields of this object, in the document's order. */
  Set<String> names() {
    return object().keySet();
  }

  /** A field that must be there. */
  JsonValue field(String name) {
    JsonElement field = object().get(name);
    if (field == null) {
      throw corrupt("lacks the field \"" + name + "\"");
    }
    return new JsonValue(field, document, path + "." + shorten(name));
  }

  /** Whether there is a field of this name. */
  boolean has(String name) {
    return object().has(name);
  }

  /** Fails for a field of any other name. */
  void requireOnly(String... names) {
    for (String name : names()) {
      if (!List.of(names).contains(name)) {
        throw field(name).corrupt("is a field nobody knows");
      }
    }
  }

  /** The elements of this array. */
  List<JsonValue> elements() {
    if (!(element instanceof JsonArray array)) {
      throw corrupt("should be an array");
    }
    List<JsonValue> list = new ArrayList<>(array.size());
    for (JsonElement item : array) {
      list.add(new JsonValue(item, document, path + "[" + list.size() + "]"));
    }
    return list;
  }

  /** This string. */
  String string() {
    if (!(element instanceof JsonPrimitive primitive) || !primitive.isString()) {
      throw corrupt("should be a string");
    }
    return primitive.getAsString();
  }

  /** This boolean. */
  boolean bool() {
    if (!(element instanceof JsonPrimitive primitive) || !primitive.isBoolean()) {
      throw corrupt("should be true or false");
    }
    return primitive.getAsBoolean();
  }

  /** Whether this is null. */
  boolean isNull() {
    return element.isJsonNull();
  }

  /** This integer, which must lie in a range. */
  int integer(int min, int max) {
    return (int) longInteger(min, max);
  }

  /** This integer, which must lie in a range. */
  long longInteger(long min, long max) {
    String text = numberText("an integer");
    if (INTEGER.matcher(text).matches()) {
      try {
        long value = Long.parseLong(text);
        if (value >= min && value <= max) {
          return value;
        }
      } catch (NumberFormatException tooLarge) {
        throw corrupt("should be an integer from " + min + " to " + max, tooLarge);
      }
    }
    throw corrupt("should be an integer from " + min + " to " + max);
  }

  /** This number. */
  double number() {
    double value = Double.parseDouble(numberText("a number"));
    if (!Double.isFinite(value)) {
      throw corrupt("should be a finite number");
    }
    return value;
  }

  /** This number, read in single precision. */
  float singleNumber() {
    float value = Float.parseFloat(numberText("a number"));
    if (!Float.isFinite(value)) {
      throw corrupt("should be a finite number");
    }
    return value;
  }

  private String numberText(String what) {
    if (!(element instanceof JsonPrimitive primitive) || !primitive.isNumber()) {
      throw corrupt("should be " + what);
    }
    return primitive.getAsString();
  }

  private JsonObject object() {
    if (!(element instanceof JsonObject object)) {
      throw corrupt("should be an object");
    }
    return object;
  }

  /** The problem that this value is not what it should be. */
  CorruptModelException corrupt(String problem) {
    return corrupt(problem, null);
  }

  /** The problem that this value is not what it should be. */
  CorruptModelException corrupt(String problem, @Nullable Throwable cause) {
    return new CorruptModelException(
        document
            + ": "
            + path
            + " "
            + problem
            + "; it is "
            + shorten(element.toString())
            + ". Get the file again from where it came from.",
        cause);
  }

  /** The beginning of a text that may be too long for a message. */
  static String shorten(String text) {
    return text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "...";
  }
}
