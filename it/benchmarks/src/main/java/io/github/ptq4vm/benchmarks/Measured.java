package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileResult;
import java.util.Properties;

/**
 * What was measured of one variant.
 *
 * @param accuracy against the float model
 * @param floatTop1 top-1 of the float model, percent
 * @param calibrationImages number of them
 * @param validationImages number of them
 * @param seconds time of quantizing
 * @param bytes size of the jar
 */
record Measured(
    Accuracy accuracy,
    double floatTop1,
    int calibrationImages,
    int validationImages,
    double seconds,
    long bytes) {

  /** Of a compilation of one variant. */
  static Measured of(CompileResult result) {
    CompileResult.VariantResult variant = result.variants().get(0);
    double seconds =
        result.seconds().entrySet().stream()
            .filter(pass -> pass.getKey().matches(".*, (plan|quantize)"))
            .mapToDouble(pass -> pass.getValue())
            .sum();
    return new Measured(
        Accuracy.of(variant),
        100 * variant.metrics().get("fp32_top1"),
        result.calibrationImages(),
        variant.metrics().get("validation_images").intValue(),
        seconds,
        variant.bytes());
  }

  /** For a file. */
  Properties properties() {
    Properties properties = new Properties();
    properties.setProperty("top1", Double.toString(accuracy.top1()));
    properties.setProperty("agreement", Double.toString(accuracy.agreement()));
    properties.setProperty("kl", Double.toString(accuracy.kl()));
    properties.setProperty("sqnr", Double.toString(accuracy.sqnr()));
    properties.setProperty("floatTop1", Double.toString(floatTop1));
    properties.setProperty("calibrationImages", Integer.toString(calibrationImages));
    properties.setProperty("validationImages", Integer.toString(validationImages));
    properties.setProperty("seconds", Double.toString(seconds));
    properties.setProperty("bytes", Long.toString(bytes));
    return properties;
  }

  /** From a file. */
  static Measured of(Properties properties) {
    return new Measured(
        new Accuracy(
            number(properties, "top1"),
            number(properties, "agreement"),
            number(properties, "kl"),
            number(properties, "sqnr")),
        number(properties, "floatTop1"),
        (int) number(properties, "calibrationImages"),
        (int) number(properties, "validationImages"),
        number(properties, "seconds"),
        (long) number(properties, "bytes"));
  }

  private static double number(Properties properties, String name) {
    String value = properties.getProperty(name);
    if (value == null) {
      throw new IllegalArgumentException("A kept measurement lacks " + name + ": delete it.");
    }
    return Double.parseDouble(value);
  }
}
