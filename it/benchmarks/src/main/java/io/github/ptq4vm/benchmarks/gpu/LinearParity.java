package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.cpu.CpuKernels;
import io.github.ptq4vm.cpu.Matrix;
import io.github.ptq4vm.cpu.Scratch;
import io.github.ptq4vm.cuda.CudaTracer;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.QuantizedWeights;
import io.github.ptq4vm.network.ValueShape;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Every quantized linear of a model on the GPU against the processor's for the same input: equal to
 * the bit, as codes and sums then have to be, but for the rounding to half precision where that is
 * how results are stored.
 *
 * @param linears how many were compared
 * @param values results that were compared
 * @param different results that are not equal, or not within the rounding
 */
record LinearParity(int linears, long values, long different) {

  /** Compares for one image. */
  static LinearParity of(Model model, float[] image, boolean single) {
    Set<String> wanted = new HashSet<>();
    for (Operation.Linear linear : model.network().quantizableLinears()) {
      wanted.add(linear.input());
      wanted.add(linear.output());
    }
    Map<String, float[]> trace;
    try (CudaTracer tracer = new CudaTracer(model, single, wanted)) {
      trace = tracer.trace(image);
    }
    long values = 0;
    long different = 0;
    for (Operation.Linear linear : model.network().quantizableLinears()) {
      float[] expected = onProcessor(model, linear, trace.get(linear.input()));
      float[] found = trace.get(linear.output());
      values += expected.length;
      for (int i = 0; i < expected.length; i++) {
        if (!isEqual(found[i], expected[i], single)) {
          different++;
        }
      }
    }
    return new LinearParity(model.network().quantizableLinears().size(), values, different);
  }

  private static boolean isEqual(float found, float expected, boolean single) {
    double rounding = single ? 0 : Math.abs(expected) * 0x1p-11 + 0x1p-25;
    return Math.abs((double) found - expected) <= rounding;
  }

  private static float[] onProcessor(Model model, Operation.Linear linear, float[] input) {
    ValueShape shape = model.network().shape(linear.output());
    float[] output = new float[shape.size()];
    CpuKernels.best()
        .linear(QuantizedWeights.of(model, linear))
        .apply(
            Matrix.of(input, shape.tokens(), linear.inFeatures()),
            Matrix.of(output, shape.tokens(), shape.channels()),
            0,
            shape.tokens(),
            new Scratch());
    return output;
  }
}
