package io.github.ptq4vm.artifact;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.ToNumberPolicy;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.github.ptq4vm.CorruptModelException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Parses JSON strictly: valid UTF-8, RFC 8259, no name twice in an object, nothing behind the
 * value, and no more values than a document of ours can need, because a value takes many times the
 * memory of its text.
 */
final class StrictJson {

  /** Most values in a document: objects, arrays and what is in them. */
  static final int MAX_VALUES = 1_000_000;

  private final JsonReader reader;
  private final String document;
  private int values;

  private StrictJson(String text, String document) {
    this.reader = new JsonReader(new StringReader(text));
    this.reader.setStrictness(Strictness.STRICT);
    this.document = document;
  }

  /**
   * Parses a document.
   *
   * @param document what messages call it
   * @throws CorruptModelException if it is not valid JSON or has too many values
   */
  static JsonElement parse(byte[] utf8, String document) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
      return new StrictJson(text, document).readAll();
    } catch (CharacterCodingException e) {
      throw new CorruptModelException(document + " is not valid UTF-8. Get the file again.", e);
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new CorruptModelException(
          document + " is not valid JSON: " + e.getMessage() + ". Get the file again.", e);
    }
  }

  private JsonElement readAll() throws IOException {
    JsonElement element = read();
    if (reader.peek() != JsonToken.END_DOCUMENT) {
      throw new IOException("there is more behind the first value");
    }
    return element;
  }

  private JsonElement read() throws IOException {
    if (++values > MAX_VALUES) {
      throw new CorruptModelException(
          document
              + " has more than "
              + MAX_VALUES
              + " values, more than any model needs. Get the file again from where it came from.");
    }
    switch (reader.peek()) {
      case BEGIN_OBJECT:
        return readObject();
      case BEGIN_ARRAY:
        JsonArray array = new JsonArray();
        reader.beginArray();
        while (reader.hasNext()) {
          array.add(read());
        }
        reader.endArray();
        return array;
      case STRING:
        return new JsonPrimitive(reader.nextString());
      case NUMBER:
        return new JsonPrimitive(ToNumberPolicy.LAZILY_PARSED_NUMBER.readNumber(reader));
      case BOOLEAN:
        return new JsonPrimitive(reader.nextBoolean());
      default:
        reader.nextNull();
        return JsonNull.INSTANCE;
    }
  }

  private JsonObject readObject() throws IOException {
    JsonObject object = new JsonObject();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (object.has(name)) {
        throw new CorruptModelException(
            document
                + " has the name \""
                + JsonValue.shorten(name)
                + "\" twice at "
                + JsonValue.shorten(reader.getPath())
                + ". Get the file again.");
      }
      object.add(name, read());
    }
    reader.endObject();
    return object;
  }
}
