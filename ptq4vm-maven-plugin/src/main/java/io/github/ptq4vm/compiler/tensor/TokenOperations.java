package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.TokenOperation;

/** Operations on whole tokens, forwards and backwards, on the values of a run. */
final class TokenOperations {
  private final SectionRun run;
  private final Rows rows;

  TokenOperations(SectionRun run) {
    this.run = run;
    this.rows = run.interpreter().rows();
  }

  void forward(TokenOperation operation, float[] y) {
    float[] x = run.value(operation.input());
    int images = run.images();
    int tokens = run.shape(operation.input()).tokens();
    int channels = run.shape(operation.input()).channels();
    if (operation instanceof TokenOperation.Gather op) {
      rows.move(images, tokens, op.order().positions(), channels, x, y);
    } else if (operation instanceof TokenOperation.Scatter op) {
      rows.move(images, tokens, op.order().indices(), channels, x, y);
    } else if (operation instanceof TokenOperation.MeanTokens) {
      rows.mean(images, tokens, channels, x, y);
    } else if (operation instanceof TokenOperation.RotatePairs op) {
      rows.rotate(images * tokens, channels, run.floats(op.cos()), run.floats(op.sin()), x, y);
    } else if (operation instanceof TokenOperation.AddTable op) {
      rows.addTable(images * tokens, tokens, channels, run.floats(op.table()), x, y);
    } else if (operation instanceof TokenOperation.InsertToken op) {
      insert(op, x, y);
    } else if (operation instanceof TokenOperation.SelectToken op) {
      rows.move(images, tokens, new int[] {op.position()}, channels, x, y);
    } else {
      throw new InvalidNetworkException("The interpreter does not know " + operation + ".");
    }
  }

  private void insert(TokenOperation.InsertToken op, float[] x, float[] y) {
    int tokens = run.shape(op.output()).tokens();
    int[] source = new int[tokens];
    for (int i = 0; i < tokens; i++) {
      source[i] = i < op.position() ? i : i - 1;
    }
    source[op.position()] = -1;
    rows.move(run.images(), tokens - 1, source, op.channels(), x, y);
    for (int image = 0; image < run.images(); image++) {
      System.arraycopy(
          run.floats(op.token()),
          0,
          y,
          (image * tokens + op.position()) * op.channels(),
          op.channels());
    }
  }

  void backward(TokenOperation operation, float[] g) {
    int images = run.images();
    int tokens = run.shape(operation.input()).tokens();
    int channels = run.shape(operation.input()).channels();
    float[] gx = run.take(operation.input());
    if (operation instanceof TokenOperation.Gather op) {
      rows.move(images, op.order().length(), op.order().indices(), channels, g, gx);
    } else if (operation instanceof TokenOperation.Scatter op) {
      rows.move(images, op.order().tokens(), op.order().positions(), channels, g, gx);
    } else if (operation instanceof TokenOperation.MeanTokens) {
      rows.meanGradient(images, tokens, channels, g, gx);
    } else if (operation instanceof TokenOperation.RotatePairs op) {
      rows.rotateGradient(
          images * tokens, channels, run.floats(op.cos()), run.floats(op.sin()), g, gx);
    } else {
      throw new InvalidNetworkException("The interpreter has no gradient of " + operation + ".");
    }
    run.give(operation.input(), gx);
  }
}
