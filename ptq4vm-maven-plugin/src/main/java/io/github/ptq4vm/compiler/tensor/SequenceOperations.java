package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.network.Operation;

/** The operations along sequences, forwards and backwards, on the values of a run. */
final class SequenceOperations {
  private final SectionRun run;
  private final TensorInterpreter interpreter;
  private final Parallel parallel;

  SequenceOperations(SectionRun run) {
    this.run = run;
    this.interpreter = run.interpreter();
    this.parallel = interpreter.parallel();
  }

  void forward(Operation.CausalConvolution op, float[] y) {
    interpreter.convolution(op).forward(parallel, run.images(), run.value(op.input()), y);
  }

  void backward(Operation.CausalConvolution op, float[] g) {
    float[] gx = run.take(op.input());
    interpreter.convolution(op).backward(parallel, run.images(), run.value(op.input()), g, gx);
    run.give(op.input(), gx);
  }

  void forward(Operation.SelectiveScan op, float[] y) {
    interpreter
        .scan(op)
        .forward(
            parallel,
            run.images(),
            run.value(op.u()),
            run.value(op.dt()),
            run.value(op.b()),
            run.value(op.c()),
            y);
  }

  void backward(Operation.SelectiveScan op, float[] g) {
    ScanKernel.Gradients out =
        new ScanKernel.Gradients(
            run.take(op.u()), run.take(op.dt()), run.take(op.b()), run.take(op.c()));
    interpreter
        .scan(op)
        .backward(
            parallel,
            run.images(),
            run.value(op.u()),
            run.value(op.dt()),
            run.value(op.b()),
            run.value(op.c()),
            g,
            out);
    run.give(op.u(), out.u());
    run.give(op.dt(), out.dt());
    run.give(op.b(), out.b());
    run.give(op.c(), out.c());
  }
}
