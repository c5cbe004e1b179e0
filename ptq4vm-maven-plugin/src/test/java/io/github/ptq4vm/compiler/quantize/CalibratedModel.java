package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Section;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Quantizers of a whole model without learning. */
public final class CalibratedModel {
  private CalibratedModel() {}

  /** Quantizers by the linear's name. */
  public static Map<String, LinearQuantizer> quantizers(
      TensorInterpreter interpreter, QuantizationPlan plan, float[][] images) {
    Map<String, LinearQuantizer> quantizers = new TreeMap<>();
    BlockCalibration calibration =
        new BlockCalibration(interpreter, 0.5, ClippingSearch.published());
    BatchRunner runner = new BatchRunner(interpreter);
    float[] stream = new float[0];
    for (Section section : interpreter.network().sections()) {
      if (section.block()) {
        BlockCalibration.Calibrated calibrated =
            calibration.calibrate(section, stream, images.length, List.of(plan));
        quantizers.putAll(calibrated.quantizers().get(0));
        stream = calibrated.output();
      } else if (stream.length == 0) {
        stream = runner.runFirst(section, images, Linears.FLOAT);
      } else {
        stream =
            runner.run(section, stream, images.length, Linears.FLOAT, BatchRunner.Observer.NONE);
      }
    }
    return quantizers;
  }
}
