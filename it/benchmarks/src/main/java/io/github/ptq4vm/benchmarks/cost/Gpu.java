package io.github.ptq4vm.benchmarks.cost;

import java.util.EnumMap;
import java.util.Map;

/**
 * Rates of a GPU that no kernel can exceed.
 *
 * @param name what tables call it
 * @param bytes bytes a second from and to memory
 * @param integerMultiplyAdds multiply-adds of 8 bit codes a second, dense
 * @param halfMultiplyAdds multiply-adds of half-precision matrices a second, dense
 * @param floatOperations float32 instructions a second, each on one number
 * @param exponentials exponentials a second
 */
public record Gpu(
    String name,
    double bytes,
    double integerMultiplyAdds,
    double halfMultiplyAdds,
    double floatOperations,
    double exponentials) {

  private static final double H200_CLOCK = 1.7e9;
  private static final int H200_MULTIPROCESSORS = 132;
  private static final int FLOAT_LANES = 128;
  private static final int EXPONENTIAL_LANES = 16;
  private static final double H200_INTEGER_OPERATIONS = 1979e12;
  private static final double OPERATIONS_A_MULTIPLY_ADD = 2;

  /** An H200 with the memory rate of its data sheet. */
  public static final Gpu H200_DATA_SHEET = h200("data sheet", 4.8e12);

  /** An H200 with the memory rate that a plain copy was seen to reach. */
  public static final Gpu H200_COPY = h200("measured copy", 4.3e12);

  /** What a kernel can be limited by. */
  public enum Limit {
    /** Memory. */
    BYTES("bytes"),
    /** Tensor cores on codes. */
    INTEGER("integer GEMM"),
    /** Tensor cores on half precision. */
    HALF("half GEMM"),
    /** Float32 units. */
    FLOAT("float"),
    /** Special function units. */
    EXPONENTIAL("exp");

    private final String title;

    Limit(String title) {
      this.title = title;
    }

    /** What tables call it. */
    public String title() {
      return title;
    }
  }

  private static Gpu h200(String name, double bytes) {
    double multiplyAdds = H200_INTEGER_OPERATIONS / OPERATIONS_A_MULTIPLY_ADD;
    double clocks = H200_MULTIPROCESSORS * H200_CLOCK;
    return new Gpu(
        name,
        bytes,
        multiplyAdds,
        multiplyAdds / 2,
        clocks * FLOAT_LANES,
        clocks * EXPONENTIAL_LANES);
  }

  /**
   * Seconds each limit asks for by itself.
   *
   * @param batch number of images
   */
  public Map<Limit, Double> seconds(Work work, int batch) {
    Map<Limit, Double> seconds = new EnumMap<>(Limit.class);
    seconds.put(Limit.BYTES, work.bytes(batch) / bytes);
    seconds.put(Limit.INTEGER, batch * work.integerMultiplyAdds() / integerMultiplyAdds);
    seconds.put(Limit.HALF, batch * work.halfMultiplyAdds() / halfMultiplyAdds);
    seconds.put(Limit.FLOAT, batch * work.floatOperations() / floatOperations);
    seconds.put(Limit.EXPONENTIAL, batch * work.exponentials() / exponentials);
    return seconds;
  }

  /** The limit that asks for most. */
  public Limit limit(Work work, int batch) {
    return seconds(work, batch).entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .orElseThrow()
        .getKey();
  }

  /** Seconds below which the work cannot be done as one kernel: what its limit asks for. */
  public double floor(Work work, int batch) {
    return seconds(work, batch).get(limit(work, batch));
  }
}
