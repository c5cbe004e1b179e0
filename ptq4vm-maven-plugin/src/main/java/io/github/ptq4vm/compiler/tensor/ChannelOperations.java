package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.Operation;
import java.util.List;

/** Norms, elementwise functions and sums, forwards and backwards, on the values of a run. */
final class ChannelOperations {
  private final SectionRun run;
  private final Elementwise elementwise;
  private final Norms norms;
  private final Rows rows;

  ChannelOperations(SectionRun run) {
    this.run = run;
    this.elementwise = run.interpreter().elementwise();
    this.norms = run.interpreter().norms();
    this.rows = run.interpreter().rows();
  }

  void forward(Operation operation, float[] y) {
    String input = operation.inputs().get(0);
    float[] x = run.value(input);
    int tokens = run.shape(input).tokens();
    int channels = run.shape(input).channels();
    int all = run.images() * tokens;
    if (operation instanceof Operation.RmsNorm op) {
      norms.rms(all, channels, op.eps(), run.floats(op.weight()), x, y);
    } else if (operation instanceof Operation.LayerNorm op) {
      norms.layer(all, channels, op.eps(), run.floats(op.weight()), run.floats(op.bias()), x, y);
    } else if (operation instanceof Operation.Channels op) {
      rows.takeChannels(all, channels, op.from(), op.to() - op.from(), x, y);
    } else if (operation instanceof Operation.Activate op) {
      elementwise.activate(op.activation(), x, y, all * channels);
    } else if (operation instanceof Operation.Gate op) {
      elementwise.gate(x, run.value(op.gate()), y, all * channels);
    } else if (operation instanceof Operation.ScaleChannels op) {
      rows.scale(run.images(), tokens, channels, x, run.value(op.factors()), y);
    } else if (operation instanceof Operation.Merge op) {
      elementwise.merge(
          op.inputs().stream().map(run::value).toList(), op.factor(), y, all * channels);
    } else if (operation instanceof Operation.Add op) {
      elementwise.merge(List.of(x, run.value(op.right())), 1f, y, all * channels);
    } else {
      throw new InvalidNetworkException("The interpreter does not know " + operation + ".");
    }
  }

  void backward(Operation operation, float[] g) {
    String input = operation.inputs().get(0);
    int tokens = run.shape(input).tokens();
    int channels = run.shape(input).channels();
    int all = run.images() * tokens;
    if (operation instanceof Operation.RmsNorm op) {
      float[] gx = run.take(input);
      norms.rmsGradient(all, channels, op.eps(), run.floats(op.weight()), run.value(input), g, gx);
      run.give(input, gx);
    } else if (operation instanceof Operation.LayerNorm op) {
      float[] gx = run.take(input);
      norms.layerGradient(
          all, channels, op.eps(), run.floats(op.weight()), run.value(input), g, gx);
      run.give(input, gx);
    } else if (operation instanceof Operation.Channels op) {
      rows.addToChannels(all, channels, op.from(), op.to() - op.from(), g, run.gradientOf(input));
    } else if (operation instanceof Operation.Activate op) {
      float[] gx = run.take(input);
      elementwise.activateGradient(op.activation(), run.value(input), g, gx, all * channels);
      run.give(input, gx);
    } else if (operation instanceof Operation.Gate op) {
      float[] gx = run.take(input);
      float[] gz = run.take(op.gate());
      elementwise.gateGradient(run.value(input), run.value(op.gate()), g, gx, gz, all * channels);
      run.give(input, gx);
      run.give(op.gate(), gz);
    } else if (operation instanceof Operation.ScaleChannels op) {
      scaleBackward(op, g, tokens, channels);
    } else if (operation instanceof Operation.Merge op) {
      sumBackward(op.inputs(), op.factor(), g, all * channels);
    } else if (operation instanceof Operation.Add op) {
      sumBackward(op.inputs(), 1f, g, all * channels);
    } else {
      throw new InvalidNetworkException("The interpreter has no gradient of " + operation + ".");
    }
  }

  private void scaleBackward(Operation.ScaleChannels op, float[] g, int tokens, int channels) {
    if (run.learns(op.input())) {
      float[] gx = run.take(op.input());
      rows.scale(run.images(), tokens, channels, g, run.value(op.factors()), gx);
      run.give(op.input(), gx);
    }
    if (run.learns(op.factors())) {
      float[] gf = run.take(op.factors());
      rows.scaleGradient(run.images(), tokens, channels, run.value(op.input()), g, gf);
      run.give(op.factors(), gf);
    }
  }

  private void sumBackward(List<String> inputs, float factor, float[] g, int size) {
    for (String name : inputs) {
      if (run.learns(name)) {
        float[] gx = run.take(name);
        elementwise.merge(List.of(g), factor, gx, size);
        run.give(name, gx);
      }
    }
  }
}
