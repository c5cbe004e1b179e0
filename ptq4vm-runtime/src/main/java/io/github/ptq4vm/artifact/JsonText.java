package io.github.ptq4vm.artifact;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;

/**
 * Prints JSON for people: what holds scalars, and at most small objects besides, stands on one
 * line. So an operation is one line, and a file of the manifest is one. The same value always gives
 * the same text.
 */
final class JsonText {

  private static final int SMALL = 4;

  private final StringBuilder text = new StringBuilder();

  private JsonText() {}

  /** The text of a value, ending with a line feed. */
  static String of(JsonElement element) {
    JsonText printer = new JsonText();
    printer.print(element, "\n");
    return printer.text.append('\n').toString();
  }

  private void print(JsonElement element, String newLine) {
    if (element instanceof JsonObject object && !isFlat(object.asMap().values())) {
      text.append('{');
      Iterator<Map.Entry<String, JsonElement>> fields = object.entrySet().iterator();
      while (fields.hasNext()) {
        Map.Entry<String, JsonElement> field = fields.next();
        text.append(newLine).append("  ").append(new JsonPrimitive(field.getKey())).append(": ");
        print(field.getValue(), newLine + "  ");
        text.append(fields.hasNext() ? "," : "");
      }
      text.append(newLine).append('}');
    } else if (element instanceof JsonArray array && !isFlat(array.asList())) {
      text.append('[');
      Iterator<JsonElement> items = array.iterator();
      while (items.hasNext()) {
        text.append(newLine).append("  ");
        print(items.next(), newLine + "  ");
        text.append(items.hasNext() ? "," : "");
      }
      text.append(newLine).append(']');
    } else {
      text.append(element);
    }
  }

  private static boolean isFlat(Collection<JsonElement> children) {
    return children.isEmpty()
        || children.stream().anyMatch(JsonText::isScalar)
            && children.stream().allMatch(JsonText::isSmall);
  }

  /** Whether a value stays on its owner's line: a scalar, or a few of them such as a precision. */
  private static boolean isSmall(JsonElement element) {
    if (element instanceof JsonObject object) {
      return object.size() <= SMALL
          && object.asMap().values().stream().allMatch(JsonText::isScalar);
    }
    if (element instanceof JsonArray array) {
      return array.size() <= SMALL && array.asList().stream().allMatch(JsonText::isScalar);
    }
    return true;
  }

  private static boolean isScalar(JsonElement element) {
    return element.isJsonPrimitive() || element.isJsonNull();
  }
}
