package io.github.ptq4vm.artifact;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.UnsupportedModelException;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.TokenOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A network as a JSON list of operations and back. An operation is an object whose {@code type} is
 * the operation's name and whose other fields are its attributes; token orders stand once each in a
 * table and operations name them.
 */
final class NetworkJson {

  private static final String TYPE = "type";

  private static final Map<String, Class<?>> TYPES = types();

  private NetworkJson() {}

  /** The network as JSON: the same network always gives the same JSON. */
  static JsonObject write(Network network) {
    Map<TokenOrder, String> names = new LinkedHashMap<>();
    JsonArray sections = new JsonArray();
    for (Section section : network.sections()) {
      JsonArray operations = new JsonArray();
      for (Operation operation : section.operations()) {
        JsonObject json = new JsonObject();
        json.addProperty(TYPE, tag(operation.getClass()));
        RecordJson.write(
            (Record) operation,
            json,
            order -> names.computeIfAbsent(order, o -> "order" + names.size()));
        operations.add(json);
      }
      JsonObject json = new JsonObject();
      json.addProperty("name", section.name());
      json.addProperty("block", section.block());
      json.add("operations", operations);
      sections.add(json);
    }
    JsonObject orders = new JsonObject();
    names.forEach((order, name) -> orders.add(name, write(order)));
    JsonObject json = new JsonObject();
    json.addProperty("architecture", network.architecture());
    json.addProperty("height", network.height());
    json.addProperty("width", network.width());
    json.add("orders", orders);
    json.add("sections", sections);
    return json;
  }

  /**
   * The network of its JSON.
   *
   * @param minRuntimeVersion the oldest runtime that knows the model, for messages
   * @throws UnsupportedModelException if an operation, an attribute or an attribute's value is
   *     unknown
   * @throws CorruptModelException if something is missing or of another type, or the operations do
   *     not fit together
   */
  static Network read(JsonValue json, String minRuntimeVersion) {
    Map<String, TokenOrder> orders = new HashMap<>();
    JsonValue table = json.field("orders");
    for (String name : table.names()) {
      orders.put(name, readOrder(table.field(name)));
    }
    RecordJson reader = new RecordJson(orders, minRuntimeVersion);
    List<Section> sections = new ArrayList<>();
    for (JsonValue section : json.field("sections").elements()) {
      List<Operation> operations = new ArrayList<>();
      for (JsonValue operation : section.field("operations").elements()) {
        operations.add(readOperation(operation, reader));
      }
      sections.add(
          checked(
              section,
              () ->
                  new Section(
                      section.field("name").string(), section.field("block").bool(), operations)));
    }
    return checked(
        json,
        () ->
            new Network(
                json.field("architecture").string(),
                json.field("height").integer(1, Integer.MAX_VALUE),
                json.field("width").integer(1, Integer.MAX_VALUE),
                sections));
  }

  private static Operation readOperation(JsonValue json, RecordJson reader) {
    Class<?> type = TYPES.get(json.field(TYPE).string());
    if (type == null) {
      throw reader.unsupported(json.field(TYPE), "names an operation");
    }
    return (Operation) reader.read(json, type, TYPE);
  }

  private static JsonObject write(TokenOrder order) {
    JsonArray positions = new JsonArray();
    for (int position : order.positions()) {
      positions.add(position);
    }
    JsonObject json = new JsonObject();
    json.addProperty("tokens", order.tokens());
    json.add("positions", positions);
    return json;
  }

  private static TokenOrder readOrder(JsonValue json) {
    List<JsonValue> positions = json.field("positions").elements();
    // Every token has a position, so the document's length bounds what is allocated.
    int tokens = json.field("tokens").integer(1, Math.max(1, positions.size()));
    int[] values = positions.stream().mapToInt(p -> p.integer(-1, tokens - 1)).toArray();
    return checked(json, () -> TokenOrder.of(tokens, values));
  }

  /** Runs a constructor that checks its arguments, and says where the arguments came from. */
  static <T> T checked(JsonValue json, Supplier<T> constructor) {
    try {
      return constructor.get();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new CorruptModelException(
          json.document()
              + ": "
              + json.path()
              + " does not fit together. "
              + e.getMessage()
              + " Get the file again from where it came from.",
          e);
    }
  }

  private static Map<String, Class<?>> types() {
    Map<String, Class<?>> types = new TreeMap<>();
    records(Operation.class).forEach(type -> types.put(tag(type), type));
    return types;
  }

  private static Stream<Class<?>> records(Class<?> type) {
    return type.isRecord()
        ? Stream.of(type)
        : Arrays.stream(type.getPermittedSubclasses()).flatMap(NetworkJson::records);
  }

  private static String tag(Class<?> type) {
    String name = type.getSimpleName();
    return Character.toLowerCase(name.charAt(0)) + name.substring(1);
  }
}
