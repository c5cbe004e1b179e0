package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonObject;

/** Requests that every {@link Rival} understands. */
final class Ask {
  /** Float32, as a value of "recipe". */
  static final String FLOAT = "float";

  private Ask() {}

  /** A request without options. */
  static JsonObject plain(String what) {
    JsonObject request = new JsonObject();
    request.addProperty("do", what);
    return request;
  }

  /** To time some runs. */
  static JsonObject run(int runs) {
    JsonObject request = plain("run");
    request.addProperty("runs", runs);
    return request;
  }

  /** To open what a contender computes. */
  static JsonObject open(Contender contender, Load load) {
    JsonObject request = plain("open");
    if (contender.peer() != null) {
      request.addProperty("peer", contender.peer());
    } else {
      request.addProperty("recipe", contender.recipe());
      request.addProperty("variant", contender.variant());
    }
    request.addProperty("model", load.model());
    request.addProperty("side", load.side());
    request.addProperty("batch", load.batch());
    request.addProperty("threads", load.threads());
    return request;
  }
}
