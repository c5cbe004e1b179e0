package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Observer;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.InvalidNetworkException;
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

/**
 * One run of a section over a batch: its values by name, and their gradients.
 *
 * <p>A value's array goes back for reuse as soon as the last operation has read it. A recording
 * keeps, besides the section's output, the inputs of those operations whose gradient needs them:
 * linears, norms, convolutions, scans, gates and activations behind a linear that learns. Sums,
 * moves of tokens and ranges of channels need none, so that of each direction of a scan its ordered
 * input and its step sizes stay, but neither its output nor that output in the grid's order.
 */
public final class SectionRun {
  private static final float[] NO_BIAS = new float[0];

  private final TensorInterpreter interpreter;
  private final Section section;
  private final int images;
  private final Linears linears;
  private final Observer observer;
  private final boolean recording;
  private final GridOperations grids;
  private final TokenOperations tokens;
  private final SequenceOperations sequences;
  private final ChannelOperations channels;
  private final Map<String, float[]> values = new HashMap<>();
  private final Map<String, float[]> gradients = new HashMap<>();
  private final Set<String> learning = new HashSet<>();

  SectionRun(
      TensorInterpreter interpreter,
      Section section,
      int images,
      Linears linears,
      Observer observer,
      boolean recording) {
    this.interpreter = interpreter;
    this.section = section;
    this.images = images;
    this.linears = linears;
    this.observer = observer;
    this.recording = recording;
    this.grids = new GridOperations(this);
    this.tokens = new TokenOperations(this);
    this.sequences = new SequenceOperations(this);
    this.channels = new ChannelOperations(this);
  }

  /** Value of an operation of this section that is still held. */
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
    Set<String> needed = new HashSet<>();
    for (int i = 0; i < operations.size(); i++) {
      Operation operation = operations.get(i);
      for (String name : operation.inputs()) {
        values.putIfAbsent(name, input);
      }
      values.put(operation.output(), forward(operation));
      if (recording && learns(operation.output()) && gradientNeedsInputs(operation)) {
        needed.addAll(operation.inputs());
      }
      for (String name : operation.inputs()) {
        if (lastUse.get(name) == i && !needed.contains(name) && values.containsKey(name)) {
          interpreter.buffers().release(values.remove(name));
        }
      }
    }
  }

  private static boolean gradientNeedsInputs(Operation operation) {
    return !(operation instanceof Operation.Add
        || operation instanceof Operation.Merge
        || operation instanceof Operation.Channels
        || operation instanceof TokenOperation
        || operation instanceof GridOperation.MergePatches);
  }

  private float[] forward(Operation operation) {
    float[] y = take(operation.output());
    if (operation.inputs().stream().anyMatch(learning::contains)) {
      learning.add(operation.output());
    }
    if (operation instanceof Operation.Linear op) {
      float[] x = value(op.input());
      observer.accept(op, x);
      LinearExecution execution = execution(op);
      execution.forward(rows(op), x, op.hasBias() ? floats(op.bias()) : NO_BIAS, y);
      if (execution.learns()) {
        learning.add(op.output());
      }
    } else if (operation instanceof GridOperation op) {
      grids.forward(op, y);
    } else if (operation instanceof TokenOperation op) {
      tokens.forward(op, y);
    } else if (operation instanceof Operation.CausalConvolution op) {
      sequences.forward(op, y);
    } else if (operation instanceof Operation.SelectiveScan op) {
      sequences.forward(op, y);
    } else {
      channels.forward(operation, y);
    }
    return y;
  }

  /**
   * Takes the gradient of a value back to every linear that learns.
   *
   * @param from name of the value
   * @param gradient its gradient
   */
  public void backward(String from, float[] gradient) {
    gradients.clear();
    gradients.put(from, gradient);
    List<Operation> operations = section.operations();
    for (int i = operations.size() - 1; i >= 0; i--) {
      Operation operation = operations.get(i);
      float[] g = gradients.remove(operation.output());
      if (g != null && learns(operation.output())) {
        backward(operation, g);
        interpreter.buffers().release(g);
      }
    }
  }

  private void backward(Operation operation, float[] g) {
    if (operation instanceof Operation.Linear op) {
      if (learns(op.input())) {
        float[] gx = take(op.input());
        execution(op).backward(rows(op), value(op.input()), g, gx);
        give(op.input(), gx);
      } else {
        execution(op).backward(rows(op), value(op.input()), g, null);
      }
    } else if (operation instanceof GridOperation op) {
      grids.backward(op, g);
    } else if (operation instanceof TokenOperation op) {
      tokens.backward(op, g);
    } else if (operation instanceof Operation.CausalConvolution op) {
      sequences.backward(op, g);
    } else if (operation instanceof Operation.SelectiveScan op) {
      sequences.backward(op, g);
    } else {
      channels.backward(operation, g);
    }
  }

  /** Adds a gradient nobody else holds to that of a value, if anything learns in front of it. */
  void give(String name, float[] g) {
    if (!learns(name)) {
      interpreter.buffers().release(g);
      return;
    }
    float[] present = gradients.putIfAbsent(name, g);
    if (present != null) {
      interpreter.elementwise().accumulate(g, present, g.length);
      interpreter.buffers().release(g);
    }
  }

  /** The gradient of a value so far, to be added to. */
  float[] gradientOf(String name) {
    return gradients.computeIfAbsent(
        name,
        value -> {
          float[] zeros = take(value);
          Arrays.fill(zeros, 0f);
          return zeros;
        });
  }

  /** An array for a value or its gradient, with arbitrary contents. */
  float[] take(String value) {
    return interpreter.buffers().take(Math.multiplyExact(images, shape(value).size()));
  }

  /** Whether anything learns in front of a value. */
  boolean learns(String value) {
    return learning.contains(value);
  }

  TensorInterpreter interpreter() {
    return interpreter;
  }

  int images() {
    return images;
  }

  /** Shape of a value for one image. */
  ValueShape shape(String value) {
    return interpreter.network().shape(value);
  }

  float[] floats(String parameter) {
    return interpreter.model().floats(parameter);
  }

  private int rows(Operation.Linear op) {
    return images * shape(op.input()).tokens();
  }

  private LinearExecution execution(Operation.Linear op) {
    LinearExecution chosen = linears.apply(op);
    return chosen == null ? interpreter.floatLinear(op) : chosen;
  }
}
