package io.github.ptq4vm.artifact;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.ptq4vm.UnsupportedModelException;
import io.github.ptq4vm.network.TokenOrder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Records as JSON objects: a component is a field of the same name. Operations and their attributes
 * are records of few component types, so a new operation needs no code here; a test holds the file
 * format's names against a document that does not change.
 *
 * <p>Components may be {@code int}, {@code float}, {@code boolean}, {@code String}, an enum (its
 * name in lower case), a list of strings, a token order (by name), or a record, which may be null.
 */
final class RecordJson {

  private final Map<String, TokenOrder> orders;
  private final String minRuntimeVersion;

  /**
   * A reader.
   *
   * @param orders token orders by name
   * @param minRuntimeVersion the oldest runtime that knows the model, for messages
   */
  RecordJson(Map<String, TokenOrder> orders, String minRuntimeVersion) {
    this.orders = orders;
    this.minRuntimeVersion = minRuntimeVersion;
  }

  /** Adds a record's components to an object. */
  static void write(Record value, JsonObject json, Function<TokenOrder, String> orderName) {
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      json.add(component.getName(), write(get(component, value), component, orderName));
    }
  }

  private static JsonElement write(
      @Nullable Object value, RecordComponent component, Function<TokenOrder, String> orderName) {
    if (value == null) {
      return JsonNull.INSTANCE;
    } else if (value instanceof Number number) {
      return new JsonPrimitive(number);
    } else if (value instanceof Boolean bool) {
      return new JsonPrimitive(bool);
    } else if (value instanceof String string) {
      return new JsonPrimitive(string);
    } else if (value instanceof Enum<?> constant) {
      return new JsonPrimitive(name(constant));
    } else if (value instanceof TokenOrder order) {
      return new JsonPrimitive(orderName.apply(order));
    } else if (value instanceof List<?> list) {
      JsonArray array = new JsonArray();
      list.forEach(item -> array.add((String) item));
      return array;
    } else if (value instanceof Record nested) {
      JsonObject json = new JsonObject();
      write(nested, json, orderName);
      return json;
    }
    throw unknownComponent(component);
  }

  /**
   * Reads a record.
   *
   * @param ignored a field that is not a component, or empty
   * @throws UnsupportedModelException if there is a field that is no component
   */
  Object read(JsonValue json, Class<?> type, String ignored) {
    RecordComponent[] components = type.getRecordComponents();
    Set<String> unknown = new HashSet<>(json.names());
    unknown.remove(ignored);
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      values[i] = read(json.field(components[i].getName()), components[i]);
      unknown.remove(components[i].getName());
    }
    if (!unknown.isEmpty()) {
      throw unsupported(json.field(unknown.iterator().next()), "is an attribute");
    }
    return NetworkJson.checked(json, () -> construct(type, components, values));
  }

  private @Nullable Object read(JsonValue json, RecordComponent component) {
    Class<?> type = component.getType();
    if (type == int.class) {
      return json.integer(Integer.MIN_VALUE, Integer.MAX_VALUE);
    } else if (type == float.class) {
      return json.singleNumber();
    } else if (type == boolean.class) {
      return json.bool();
    } else if (type == String.class) {
      return json.string();
    } else if (type.isEnum()) {
      return readEnum(json, type);
    } else if (type == TokenOrder.class) {
      TokenOrder order = orders.get(json.string());
      if (order == null) {
        throw json.corrupt("should name one of the token orders " + orders.keySet());
      }
      return order;
    } else if (type == List.class) {
      List<String> list = new ArrayList<>();
      json.elements().forEach(item -> list.add(item.string()));
      return list;
    } else if (type.isRecord()) {
      return json.isNull() ? null : read(json, type, "");
    }
    throw unknownComponent(component);
  }

  private Object readEnum(JsonValue json, Class<?> type) {
    String wanted = json.string();
    for (Object constant : type.getEnumConstants()) {
      if (name((Enum<?>) constant).equals(wanted)) {
        return constant;
      }
    }
    throw unsupported(json, "is a value");
  }

  /** The problem that this runtime is too old for a value. */
  UnsupportedModelException unsupported(JsonValue json, String what) {
    return unsupported(json, what, minRuntimeVersion);
  }

  /** The problem that this runtime is too old for a value. */
  static UnsupportedModelException unsupported(
      JsonValue json, String what, String minRuntimeVersion) {
    return new UnsupportedModelException(
        json.document()
            + ": "
            + json.path()
            + " = "
            + json.element()
            + " "
            + what
            + " this runtime does not know. The model needs ptq4vm-runtime "
            + minRuntimeVersion
            + " or newer; this is "
            + ArtifactFormat.RUNTIME_VERSION
            + ".");
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static @Nullable Object get(RecordComponent component, Record value) {
    try {
      return component.getAccessor().invoke(value);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("The component " + component + " cannot be read.", e);
    }
  }

  private static Object construct(Class<?> type, RecordComponent[] components, Object[] values) {
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return type.getDeclaredConstructor(types).newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException problem) {
        throw problem;
      }
      throw new IllegalStateException("The record " + type + " cannot be made.", e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("The record " + type + " cannot be made.", e);
    }
  }

  private static IllegalStateException unknownComponent(RecordComponent component) {
    return new IllegalStateException("The file format has no form for " + component + ".");
  }
}
