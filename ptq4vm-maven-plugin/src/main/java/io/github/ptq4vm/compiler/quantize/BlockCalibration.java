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
  private final ClosedForm closedForm;
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
    this.closedForm = new ClosedForm(interpreter, alpha, search);
    this.bound = bound;
  }

  /**
   * What calibration of a block brings.
   *
   * @param output output of the block in float32, image after image
   * @param quantizers by the linear's name, for each plan in turn
   */
  public record Calibrated(float[] output, List<SortedMap<String, LinearQuantizer>> quantizers) {}

  /**
   * Calibrates all quantizable linears of a block for several plans; inputs are seen once for all
   * of them, and linears that two plans treat alike are calibrated once. Weights are rounded to
   * nearest, whatever a plan says: {@link BlockRounding} comes after this.
   *
   * @param input float stream in front of the block, image after image
   */
  public Calibrated calibrate(
      Section section, float[] input, int images, List<QuantizationPlan> plans) {
    float[] output = new float[0];
    List<SortedMap<String, LinearQuantizer>> quantizers = new ArrayList<>();
    plans.forEach(plan -> quantizers.add(new TreeMap<>()));
    for (List<Operation.Linear> pass : passes(section, images)) {
      Map<String, float[]> inputs = new HashMap<>();
      for (Operation.Linear linear : pass) {
        inputs.put(linear.output(), new float[Math.multiplyExact(images, size(linear))]);
      }
      output = see(section, input, images, inputs);
      for (Operation.Linear linear : pass) {
        // Gone once its quantizers are known.
        float[] seen = inputs.remove(linear.output());
        List<Precision> precisions = plans.stream().map(plan -> plan.precision(linear)).toList();
        Map<Precision, LinearQuantizer> found = closedForm.quantizers(linear, seen, precisions);
        for (int i = 0; i < plans.size(); i++) {
          quantizers.get(i).put(linear.output(), found.get(precisions.get(i)));
        }
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
}
