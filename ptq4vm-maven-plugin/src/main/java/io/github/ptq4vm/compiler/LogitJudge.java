package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.learn.Jlss;
import io.github.ptq4vm.compiler.quantize.LinearQuantizer;
import io.github.ptq4vm.compiler.quantize.SimulatedLinear;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Section;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Judges by the logits. A block's output: the rest of the network runs in float32 behind it, and
 * the difference from the float model's logits is measured on the held-out images. A loss on the
 * block itself counts every token alike, though few of them reach the logits.
 */
final class LogitJudge {
  private final TensorInterpreter interpreter;
  private final BatchRunner runner;
  private final float[][] heldOut;
  private final float[] exact;

  /** Runs the float model on the images that are held out. */
  LogitJudge(TensorInterpreter interpreter, float[][] heldOut) {
    this.interpreter = interpreter;
    this.runner = new BatchRunner(interpreter);
    this.heldOut = heldOut;
    this.exact = runner.logits(heldOut, TensorInterpreter.Linears.FLOAT);
  }

  /** A judge with those of the calibration images that do not learn. */
  static LogitJudge of(TensorInterpreter interpreter, float[][] images) {
    return new LogitJudge(
        interpreter,
        Arrays.stream(Jlss.judges(images.length)).mapToObj(i -> images[i]).toArray(float[][]::new));
  }

  /**
   * Judges quantizers of any number of linears, in one block or all of them; the other linears run
   * in float32.
   *
   * @param quantizers by the linear's name
   * @return energy of the difference from the float logits over the energy of these
   */
  double loss(Map<String, LinearQuantizer> quantizers) {
    return noise(runner.logits(heldOut, SimulatedLinear.all(interpreter, quantizers)));
  }

  /** Judges outputs of a block. */
  Jlss.Judge behind(Section block) {
    List<Section> sections = interpreter.network().sections();
    List<Section> rest = sections.subList(sections.indexOf(block) + 1, sections.size());
    return output -> {
      float[] stream = output;
      for (Section section : rest) {
        stream =
            runner.run(
                section,
                stream,
                heldOut.length,
                TensorInterpreter.Linears.FLOAT,
                BatchRunner.Observer.NONE);
      }
      return noise(stream);
    };
  }

  /** Energy of the difference from the float logits over the energy of these, if there is any. */
  private double noise(float[] logits) {
    double noise = 0;
    double signal = 0;
    for (int i = 0; i < logits.length; i++) {
      double difference = (double) logits[i] - exact[i];
      signal += (double) exact[i] * exact[i];
      noise += difference * difference;
    }
    return signal == 0 ? noise : noise / signal;
  }
}
