package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.learn.Jlss;
import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.network.Section;
import java.util.Arrays;
import java.util.List;

/**
 * Judges a block's output by the logits: the rest of the network runs in float32 behind it, and the
 * difference from the float model's logits is measured on the held-out images. A loss on the block
 * itself counts every token alike, though few of them reach the logits.
 */
final class LogitJudge {
  private final TensorInterpreter interpreter;
  private final BatchRunner runner;
  private final int count;
  private final float[] exact;

  /** Runs the float model on the held-out ones of the calibration images. */
  LogitJudge(TensorInterpreter interpreter, float[][] images) {
    this.interpreter = interpreter;
    this.runner = new BatchRunner(interpreter);
    int[] judges = Jlss.judges(images.length);
    this.count = judges.length;
    this.exact =
        runner.logits(
            Arrays.stream(judges).mapToObj(i -> images[i]).toArray(float[][]::new),
            TensorInterpreter.Linears.FLOAT);
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
                section, stream, count, TensorInterpreter.Linears.FLOAT, BatchRunner.Observer.NONE);
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
