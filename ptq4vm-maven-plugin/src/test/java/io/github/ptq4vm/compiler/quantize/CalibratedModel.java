package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Section;
import java.util.Map;
import java.util.TreeMap;

/** Quantizers of a whole model without learning. */
public final class CalibratedModel {
  private CalibratedModel() {}

  /** Quantizers by the linear's name. */
  public static Map<String, LinearQuantizer> quantizers(
      TensorInterpreter interpreter, Precision precision, float[][] images) {
    Map<String, LinearQuantizer> quantizers = new TreeMap<>();
    BlockCalibration calibration =
        new BlockCalibration(interpreter, 0.5, ClippingSearch.published());
    float[] stream = new float[0];
    for (Section section : interpreter.network().sections()) {
      if (section.block()) {
        BlockCalibration.Seen seen =
            BlockCalibration.see(interpreter, section, stream, images.length);
        quantizers.putAll(calibration.quantizers(seen, precision));
        stream = seen.output();
      } else if (stream.length == 0) {
        stream = new BatchRunner(interpreter).runFirst(section, images, Linears.FLOAT);
      }
    }
    return quantizers;
  }
}
