package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Closed-form quantizers of a block's linears: inputs are seen while the block runs in float32,
 * then smoothed and searched (spec ptq4vm.md 3.2 and 3.3).
 *
 * <p>The inputs of a linear are needed for all images at once. Where those of all linears together
 * would not fit a bound, the block runs several times, each time for some of the linears; a linear
 * sees the same numbers in any pass, so the result does not depend on how many there are.
 */
public final class BlockCalibration {
  /** Part of the heap that inputs of linears may take. */
  private static final int HEAP_SHARE = 4;

  private final TensorInterpreter interpreter;
  private final double alpha;
  private final ClippingSearch search;
  private final long bound;

  /**
   * Calibrates with an exponent of smoothing and a search; inputs of linears take a quarter of the
   * heap, or as much as those of the largest one need.
   */
  public BlockCalibration(TensorInterpreter interpreter, double alpha, ClippingSearch search) {
    this(interpreter, alpha, search, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
  }

  /** Calibrates with a bound of its own, in bytes. */
  BlockCalibration(TensorInterpreter interpreter, double alpha, ClippingSearch search, long bound) {
    this.interpreter = interpreter;
    this.alpha = alpha;
    this.search = search;
    this.bound = bound;
  }

  /**
   * What calibration of a block brings.
   *
   * @param output output of the block in float32, image after image
   * @param quantizers by the linear's name
   */
  public record Calibrated(float[] output, SortedMap<String, LinearQuantizer> quantizers) {}

  /**
   * Calibrates all quantizable linears of a block.
   *
   * @param input float stream in front of the block, image after image
   */
  public Calibrated calibrate(Section section, float[] input, int images, Precision precision) {
    float[] output = new float[0];
    SortedMap<String, LinearQuantizer> quantizers = new TreeMap<>();
    for (List<Operation.Linear> pass : passes(section, images)) {
      Map<String, float[]> inputs = new HashMap<>();
      for (Operation.Linear linear : pass) {
        inputs.put(linear.output(), new float[Math.multiplyExact(images, size(linear))]);
      }
      output = see(section, input, images, inputs);
      for (Operation.Linear linear : pass) {
        // Gone once its quantizer is known.
        float[] seen = inputs.remove(linear.output());
        quantizers.put(linear.output(), quantizer(linear, seen, precision));
      }
    }
    return new Calibrated(output, quantizers);
  }

  /** Linears of a block in groups whose inputs fit the bound; at least one group. */
  List<List<Operation.Linear>> passes(Section section, int images) {
    List<List<Operation.Linear>> passes = new ArrayList<>();
    List<Operation.Linear> pass = new ArrayList<>();
    long bytes = 0;
    for (Operation operation : section.operations()) {
      if (operation instanceof Operation.Linear linear && linear.quantizable()) {
        long more = (long) size(linear) * images * Float.BYTES;
        if (!pass.isEmpty() && bytes + more > bound) {
          passes.add(pass);
          pass = new ArrayList<>();
          bytes = 0;
        }
        pass.add(linear);
        bytes += more;
      }
    }
    passes.add(pass);
    return passes;
  }

  private int size(Operation.Linear linear) {
    return interpreter.network().shape(linear.input()).size();
  }

  /** Runs a block in float32 and copies the inputs of some linears. */
  private float[] see(Section section, float[] input, int images, Map<String, float[]> inputs) {
    return new BatchRunner(interpreter)
        .run(
            section,
            input,
            images,
            TensorInterpreter.Linears.FLOAT,
            (linear, first, x) -> {
              float[] all = inputs.get(linear.output());
              if (all != null) {
                int start = first * size(linear);
                System.arraycopy(x, 0, all, start, Math.min(all.length - start, x.length));
              }
            });
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
