package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Section;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Closed-form quantizers of a block's linears: inputs are seen while the block runs in float32,
 * then smoothed and searched (spec ptq4vm.md 3.2 and 3.3).
 */
public final class BlockCalibration {
  private final TensorInterpreter interpreter;
  private final double alpha;
  private final ClippingSearch search;

  /** Calibrates with an exponent of smoothing and a search. */
  public BlockCalibration(TensorInterpreter interpreter, double alpha, ClippingSearch search) {
    this.interpreter = interpreter;
    this.alpha = alpha;
    this.search = search;
  }

  /** Output of the block in float32 and what its quantizable linears saw. */
  public record Seen(float[] output, Map<Operation.Linear, float[]> inputs) {}

  /** Runs a block in float32 and keeps the inputs of its quantizable linears. */
  public static Seen see(
      TensorInterpreter interpreter, Section section, float[] input, int images) {
    Map<String, Operation.Linear> linears = new TreeMap<>();
    Map<String, float[]> inputs = new TreeMap<>();
    float[] output =
        new BatchRunner(interpreter)
            .run(
                section,
                input,
                images,
                TensorInterpreter.Linears.FLOAT,
                (linear, first, x) -> {
                  if (linear.quantizable()) {
                    int size = interpreter.network().shape(linear.input()).size();
                    linears.put(linear.output(), linear);
                    float[] all =
                        inputs.computeIfAbsent(
                            linear.output(), name -> new float[Math.multiplyExact(images, size)]);
                    int length = Math.min(all.length - first * size, x.length);
                    System.arraycopy(x, 0, all, first * size, length);
                  }
                });
    Map<Operation.Linear, float[]> seen = new LinkedHashMap<>();
    linears.forEach((name, linear) -> seen.put(linear, inputs.get(name)));
    return new Seen(output, seen);
  }

  /** Quantizers of the linears seen, by name. */
  public Map<String, LinearQuantizer> quantizers(Seen seen, Precision precision) {
    Map<String, LinearQuantizer> quantizers = new TreeMap<>();
    seen.inputs().forEach((l, x) -> quantizers.put(l.output(), quantizer(l, x, precision)));
    return quantizers;
  }

  private LinearQuantizer quantizer(Operation.Linear linear, float[] input, Precision precision) {
    float[] weight = interpreter.model().floats(linear.weight());
    int channels = linear.inFeatures();
    float[] smoothing = Smoothing.factors(input, weight, channels, alpha);
    float[] smoothed = new float[weight.length];
    float[] reciprocal = new float[channels];
    for (int c = 0; c < channels; c++) {
      reciprocal[c] = 1f / smoothing[c];
    }
    for (int i = 0; i < weight.length; i++) {
      smoothed[i] = weight[i] * smoothing[i % channels];
    }
    ClippingSearch.InputRange range =
        search.activations(
            interpreter.parallel(),
            input,
            interpreter.network().shape(linear.input()).tokens(),
            reciprocal,
            precision.activationLimit());
    return new LinearQuantizer(
        linear,
        precision,
        smoothing,
        search.weights(interpreter.parallel(), smoothed, channels, precision.weightLimit()),
        range.step(),
        range.zeroPoint());
  }
}
