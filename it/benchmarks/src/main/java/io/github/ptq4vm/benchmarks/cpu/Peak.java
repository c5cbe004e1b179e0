package io.github.ptq4vm.benchmarks.cpu;

import com.google.gson.JsonObject;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What one core of this machine does at best, as measured by small loops.
 *
 * @param multiplyAdds float32 multiply-adds a second, each lane of a vector counting
 * @param cached bytes a second that a copy in the second cache moves, reads and writes together
 * @param memory the same for a copy in memory
 * @param lanes float32 lanes of a vector
 */
record Peak(double multiplyAdds, double cached, double memory, int lanes) {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int CHAINS = 12;
  private static final int STEPS = 4_000_000;
  private static final int TRIES = 7;
  private static final int CACHED_FLOATS = 24 << 10;
  private static final int MEMORY_FLOATS = 32 << 20;
  private static final long COPIED_FLOATS = 256L << 20;

  /** Measures; needs the Vector API. The best of some tries counts: anything else was disturbed. */
  static Peak measure() {
    double adds = 0;
    double cached = 0;
    double memory = 0;
    for (int i = 0; i < TRIES; i++) {
      adds = Math.max(adds, multiplyAddsOnce());
      cached = Math.max(cached, copyOnce(CACHED_FLOATS));
      memory = Math.max(memory, copyOnce(MEMORY_FLOATS));
    }
    return new Peak(adds, cached, memory, SPECIES.length());
  }

  /** As an answer of a worker. */
  JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("multiplyAdds", multiplyAdds);
    json.addProperty("cached", cached);
    json.addProperty("memory", memory);
    json.addProperty("lanes", lanes);
    return json;
  }

  /** From an answer of a worker. */
  static Peak of(JsonObject json) {
    return new Peak(
        json.get("multiplyAdds").getAsDouble(),
        json.get("cached").getAsDouble(),
        json.get("memory").getAsDouble(),
        json.get("lanes").getAsInt());
  }

  private static double multiplyAddsOnce() {
    float[] result = new float[SPECIES.length()];
    long start = System.nanoTime();
    chains(result);
    double seconds = (System.nanoTime() - start) / 1e9;
    if (!Float.isFinite(result[0])) {
      throw new IllegalStateException("The sums of the peak loop went astray.");
    }
    return (double) CHAINS * STEPS * SPECIES.length() / seconds;
  }

  /** As many chains as hide the latency of a multiply-add and still fit the registers. */
  private static void chains(float[] result) {
    FloatVector factor = FloatVector.broadcast(SPECIES, 0.5f);
    FloatVector a = FloatVector.broadcast(SPECIES, 1);
    FloatVector b = a.add(1);
    FloatVector c = b.add(1);
    FloatVector d = c.add(1);
    FloatVector e = d.add(1);
    FloatVector f = e.add(1);
    FloatVector g = f.add(1);
    FloatVector h = g.add(1);
    FloatVector i = h.add(1);
    FloatVector j = i.add(1);
    FloatVector k = j.add(1);
    FloatVector l = k.add(1);
    for (int step = 0; step < STEPS; step++) {
      a = a.fma(factor, factor);
      b = b.fma(factor, factor);
      c = c.fma(factor, factor);
      d = d.fma(factor, factor);
      e = e.fma(factor, factor);
      f = f.fma(factor, factor);
      g = g.fma(factor, factor);
      h = h.fma(factor, factor);
      i = i.fma(factor, factor);
      j = j.fma(factor, factor);
      k = k.fma(factor, factor);
      l = l.fma(factor, factor);
    }
    a.add(b)
        .add(c)
        .add(d)
        .add(e)
        .add(f)
        .add(g)
        .add(h)
        .add(i)
        .add(j)
        .add(k)
        .add(l)
        .intoArray(result, 0);
  }

  private static double copyOnce(int floats) {
    float[] from = new float[floats];
    float[] to = new float[floats];
    Arrays.fill(from, 1);
    System.arraycopy(from, 0, to, 0, floats);
    long copies = COPIED_FLOATS / floats;
    long start = System.nanoTime();
    for (long i = 0; i < copies; i++) {
      System.arraycopy(from, 0, to, 0, floats);
    }
    return 2.0 * Float.BYTES * copies * floats / ((System.nanoTime() - start) / 1e9);
  }
}
