package io.github.ptq4vm.compiler.worker;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.github.ptq4vm.compiler.CompileListener;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.VerifyResult;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a worker says. An event travels as a line: the record separator U+001E, a JSON object whose
 * member {@code event} names the kind, and a line feed (the framing of RFC 7464). The separator
 * tells events from whatever native libraries print, even in the middle of a line.
 */
sealed interface WorkerEvent {

  /** First character of an event. */
  char SEPARATOR = '\u001e';

  /** A line for the user. */
  record Info(String message) implements WorkerEvent {}

  /** Something the user should look at. */
  record Warn(String message) implements WorkerEvent {}

  /**
   * Progress of a task, as in {@link CompileListener#progress}.
   *
   * @param done units finished
   * @param total units in all
   */
  record Progress(String task, long done, long total, String unit) implements WorkerEvent {}

  /** The end of a compilation that succeeded. */
  record Done(CompileResult result) implements WorkerEvent {}

  /** The end of a verification that measured. */
  record Verified(VerifyResult result) implements WorkerEvent {}

  /** The end of a job whose input is at fault; the message is for the user. */
  record Error(String message) implements WorkerEvent {}

  /** The kinds by the value of {@code event}. */
  Map<String, Class<? extends WorkerEvent>> KINDS =
      Map.of(
          "info", Info.class,
          "warn", Warn.class,
          "progress", Progress.class,
          "done", Done.class,
          "verified", Verified.class,
          "error", Error.class);

  /** Whether this is the worker's last word. */
  default boolean isLast() {
    return this instanceof Done || this instanceof Verified || this instanceof Error;
  }

  /** Tells a listener, if the event is one a listener hears. */
  default void tell(CompileListener listener) {
    if (this instanceof Info info) {
      listener.info(info.message());
    } else if (this instanceof Warn warn) {
      listener.warn(warn.message());
    } else if (this instanceof Progress p) {
      listener.progress(p.task(), p.done(), p.total(), p.unit());
    }
  }

  /** The event's line, without the separator and the line feed. */
  default String toJson() {
    JsonObject json = new JsonObject();
    String kind = getClass().getSimpleName();
    json.addProperty("event", Character.toLowerCase(kind.charAt(0)) + kind.substring(1));
    for (Map.Entry<String, JsonElement> member :
        WorkerJson.COMPACT.toJsonTree(this).getAsJsonObject().entrySet()) {
      json.add(member.getKey(), member.getValue());
    }
    return WorkerJson.COMPACT.toJson(json);
  }

  /** The event of a line, or null if the line is none. */
  static @Nullable WorkerEvent parse(String line) {
    try {
      JsonObject json = WorkerJson.COMPACT.fromJson(line, JsonObject.class);
      JsonElement kind = json == null ? null : json.get("event");
      if (kind == null || !kind.isJsonPrimitive()) {
        return null;
      }
      Class<? extends WorkerEvent> type = KINDS.get(kind.getAsString());
      return type == null ? null : WorkerJson.COMPACT.fromJson(json, type);
    } catch (JsonParseException e) {
      return null;
    }
  }
}
