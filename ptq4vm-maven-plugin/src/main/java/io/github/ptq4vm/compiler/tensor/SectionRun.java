package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Observer;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.ValueShape;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One run of a section over a batch: its values by name, and their gradients. */
public final class SectionRun {
  private static final float[] NO_BIAS = new float[0];

  private final TensorInterpreter interpreter;
  private final Network network;
  private final Section section;
  private final int images;
  private final Linears linears;
  private final Observer observer;
  private final boolean recording;
  private final Elementwise elementwise;
  private final Map<String, float[]> values = new HashMap<>();
  private final Set<String> learning = new HashSet<>();

  SectionRun(
      TensorInterpreter interpreter,
      Section section,
      int images,
      Linears linears,
      Observer observer,
      boolean recording) {
    this.interpreter = interpreter;
    this.network = interpreter.network();
    this.section = section;
    this.images = images;
    this.linears = linears;
    this.observer = observer;
    this.recording = recording;
    this.elementwise = interpreter.elementwise();
  }

  /** Value of an operation of this section. */
  public float[] value(String name) {
    float[] value = values.get(name);
    if (value == null) {
      throw new InvalidNetworkException(
          "Section \"" + section.name() + "\" holds no value \"" + name + "\".");
    }
    return value;
  }

  void forward(float[] input) {
    List<Operation> operations = section.operations();
    Map<String, Integer> lastUse = new HashMap<>();
    for (int i = 0; i < operations.size(); i++) {
      for (String name : operations.get(i).inputs()) {
        lastUse.put(name, i);
      }
    }
    lastUse.put(section.output(), Integer.MAX_VALUE);
    for (int i = 0; i < operations.size(); i++) {
      Operation operation = operations.get(i);
      for (String name : operation.inputs()) {
        values.putIfAbsent(name, input);
      }
      values.put(operation.output(), forward(operation));
      if (!recording) {
        for (String name : operation.inputs()) {
          if (lastUse.get(name) == i) {
            interpreter.buffers().release(values.remove(name));
          }
        }
      }
    }
  }

  private float[] forward(Operation operation) {
    ValueShape shape = network.shape(operation.output());
    int rows = images * shape.tokens();
    float[] y = interpreter.buffers().take(images * shape.size());
    float[] x = values.get(operation.inputs().get(0));
    if (operation.inputs().stream().anyMatch(learning::contains)) {
      learning.add(operation.output());
    }
    if (operation instanceof Operation.Linear op) {
      observer.accept(op, x);
      LinearExecution execution = execution(op);
      execution.forward(rows, x, op.hasBias() ? floats(op.bias()) : NO_BIAS, y);
      if (execution.learns()) {
        learning.add(op.output());
      }
    } else if (operation instanceof Operation.RmsNorm op) {
      elementwise.rmsNorm(rows, op.channels(), op.eps(), floats(op.weight()), x, y);
    } else if (operation instanceof Operation.Channels op) {
      int channels = network.shape(op.input()).channels();
      elementwise.takeChannels(rows, channels, op.from(), op.to() - op.from(), x, y);
    } else if (operation instanceof TokenOperation.Gather op) {
      elementwise.moveRows(
          images, op.order().tokens(), op.order().positions(), shape.channels(), x, y);
    } else if (operation instanceof TokenOperation.Scatter op) {
      elementwise.moveRows(
          images, op.order().length(), op.order().indices(), shape.channels(), x, y);
    } else if (operation instanceof Operation.CausalConvolution op) {
      interpreter.convolution(op).forward(interpreter.parallel(), images, x, y);
    } else if (operation instanceof Operation.SelectiveScan op) {
      interpreter
          .scan(op)
          .forward(
              interpreter.parallel(),
              images,
              x,
              values.get(op.dt()),
              values.get(op.b()),
              values.get(op.c()),
              y);
    } else if (operation instanceof Operation.Merge op) {
      elementwise.merge(op.inputs().stream().map(values::get).toList(), op.factor(), y, y.length);
    } else if (operation instanceof Operation.Gate op) {
      elementwise.gate(x, values.get(op.gate()), y, y.length);
    } else if (operation instanceof Operation.Add op) {
      elementwise.merge(List.of(x, values.get(op.right())), 1f, y, y.length);
    } else if (operation instanceof TokenOperation.AddTable op) {
      elementwise.addTable(rows, op.tokens(), op.channels(), floats(op.table()), x, y);
    } else if (operation instanceof TokenOperation.InsertToken op) {
      insertToken(op, x, y);
    } else if (operation instanceof TokenOperation.SelectToken op) {
      elementwise.moveRows(
          images,
          network.shape(op.input()).tokens(),
          new int[] {op.position()},
          shape.channels(),
          x,
          y);
    } else if (operation instanceof GridOperation.Convolution2d op) {
      convolution2d(op, x, y);
    } else {
      throw new InvalidNetworkException("The interpreter does not know " + operation + ".");
    }
    return y;
  }

  private void insertToken(TokenOperation.InsertToken op, float[] x, float[] y) {
    int tokens = network.shape(op.output()).tokens();
    int[] source = new int[tokens];
    for (int i = 0; i < tokens; i++) {
      source[i] = i < op.position() ? i : i - 1;
    }
    source[op.position()] = -1;
    elementwise.moveRows(images, tokens - 1, source, op.channels(), x, y);
    for (int image = 0; image < images; image++) {
      System.arraycopy(
          floats(op.token()),
          0,
          y,
          (image * tokens + op.position()) * op.channels(),
          op.channels());
    }
  }

  private void convolution2d(GridOperation.Convolution2d op, float[] x, float[] y) {
    int columns = op.inChannels() * op.kernel() * op.kernel();
    int rows = op.outHeight() * op.outWidth();
    float[] patches = interpreter.buffers().take(images * rows * columns);
    interpreter
        .parallel()
        .forRange(
            images * rows,
            (part, from, to) -> {
              for (int row = from; row < to; row++) {
                unfold(op, x, row / rows, row % rows, patches, row * columns);
              }
            });
    interpreter
        .torch()
        .multiply(
            Torch.Matrix.of(patches, images * rows, columns),
            Torch.Matrix.transposed(floats(op.weight()), op.outChannels(), columns),
            y);
    interpreter.buffers().release(patches);
    elementwise.addBias(images * rows, op.outChannels(), floats(op.bias()), y);
  }

  private static void unfold(
      GridOperation.Convolution2d op, float[] x, int image, int position, float[] out, int at) {
    int top = position / op.outWidth() * op.stride();
    int left = position % op.outWidth() * op.stride();
    for (int c = 0; c < op.inChannels(); c++) {
      for (int v = 0; v < op.kernel(); v++) {
        for (int h = 0; h < op.kernel(); h++) {
          int pixel = (image * op.height() + top + v) * op.width() + left + h;
          out[at++] = x[pixel * op.inChannels() + c];
        }
      }
    }
  }

  /**
   * Takes the gradient of a value back to every linear that learns.
   *
   * @param from name of the value
   * @param gradient its gradient
   */
  public void backward(String from, float[] gradient) {
    Map<String, float[]> gradients = new HashMap<>();
    gradients.put(from, gradient);
    List<Operation> operations = section.operations();
    for (int i = operations.size() - 1; i >= 0; i--) {
      Operation operation = operations.get(i);
      float[] g = gradients.remove(operation.output());
      if (g != null && learning.contains(operation.output())) {
        backward(operation, g, gradients);
        interpreter.buffers().release(g);
      }
    }
  }

  private void backward(Operation operation, float[] g, Map<String, float[]> gradients) {
    ValueShape shape = network.shape(operation.output());
    int rows = images * shape.tokens();
    String input = operation.inputs().get(0);
    float[] x = values.get(input);
    if (operation instanceof Operation.Linear op) {
      float[] gx = learning.contains(input) ? take(x.length) : null;
      execution(op).backward(rows, x, g, gx);
      add(gradients, input, gx);
    } else if (operation instanceof Operation.RmsNorm op) {
      float[] gx = take(x.length);
      elementwise.rmsNormGradient(rows, op.channels(), op.eps(), floats(op.weight()), x, g, gx);
      add(gradients, input, gx);
    } else if (operation instanceof Operation.Channels op) {
      float[] whole = gradients.get(input);
      if (whole == null) {
        whole = take(x.length);
        Arrays.fill(whole, 0f);
        gradients.put(input, whole);
      }
      int channels = network.shape(input).channels();
      elementwise.addToChannels(rows, channels, op.from(), op.to() - op.from(), g, whole);
    } else if (operation instanceof TokenOperation.Gather op) {
      float[] gx = take(x.length);
      elementwise.moveRows(
          images, op.order().length(), op.order().indices(), shape.channels(), g, gx);
      add(gradients, input, gx);
    } else if (operation instanceof TokenOperation.Scatter op) {
      float[] gx = take(x.length);
      elementwise.moveRows(
          images, op.order().tokens(), op.order().positions(), shape.channels(), g, gx);
      add(gradients, input, gx);
    } else if (operation instanceof Operation.CausalConvolution op) {
      float[] gx = take(x.length);
      interpreter.convolution(op).backward(interpreter.parallel(), images, x, g, gx);
      add(gradients, input, gx);
    } else if (operation instanceof Operation.SelectiveScan op) {
      scanBackward(op, g, gradients);
    } else if (operation instanceof Operation.Merge op) {
      for (String name : op.inputs()) {
        float[] gx = take(g.length);
        elementwise.merge(List.of(g), op.factor(), gx, g.length);
        add(gradients, name, gx);
      }
    } else if (operation instanceof Operation.Gate op) {
      float[] gx = take(x.length);
      float[] gz = take(x.length);
      elementwise.gateGradient(x, values.get(op.gate()), g, gx, gz, x.length);
      add(gradients, op.input(), gx);
      add(gradients, op.gate(), gz);
    } else if (operation instanceof Operation.Add op) {
      for (String name : op.inputs()) {
        if (learning.contains(name)) {
          add(gradients, name, copy(g));
        }
      }
    } else {
      throw new InvalidNetworkException("The interpreter has no gradient of " + operation + ".");
    }
  }

  private void scanBackward(Operation.SelectiveScan op, float[] g, Map<String, float[]> gradients) {
    float[] b = values.get(op.b());
    ScanKernel.Gradients out =
        new ScanKernel.Gradients(take(g.length), take(g.length), take(b.length), take(b.length));
    interpreter
        .scan(op)
        .backward(
            interpreter.parallel(),
            images,
            values.get(op.u()),
            values.get(op.dt()),
            b,
            values.get(op.c()),
            g,
            out);
    add(gradients, op.u(), out.u());
    add(gradients, op.dt(), out.dt());
    add(gradients, op.b(), out.b());
    add(gradients, op.c(), out.c());
  }

  /** Adds a gradient nobody else holds to that of a value, if anything learns in front of it. */
  private void add(Map<String, float[]> gradients, String name, @Nullable float[] g) {
    if (g == null) {
      return;
    }
    if (!learning.contains(name)) {
      interpreter.buffers().release(g);
      return;
    }
    float[] present = gradients.putIfAbsent(name, g);
    if (present != null) {
      elementwise.accumulate(g, present, g.length);
      interpreter.buffers().release(g);
    }
  }

  private float[] copy(float[] g) {
    float[] copy = take(g.length);
    System.arraycopy(g, 0, copy, 0, g.length);
    return copy;
  }

  private float[] take(int size) {
    return interpreter.buffers().take(size);
  }

  private LinearExecution execution(Operation.Linear op) {
    LinearExecution chosen = linears.apply(op);
    return chosen == null ? interpreter.floatLinear(op) : chosen;
  }

  private float[] floats(String parameter) {
    return interpreter.model().floats(parameter);
  }
}
