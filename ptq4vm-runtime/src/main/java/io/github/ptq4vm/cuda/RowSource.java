package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.Activation;
import java.util.List;

/**
 * How a row of channels comes to be, struct {@code RowSource}: the sum of up to four inputs times a
 * factor, then a norm, a gate and an activation, each if asked for.
 *
 * @param inputs one to {@link KernelStruct#MAX_INPUTS}
 * @param gate or {@link DeviceValue#NONE}
 * @param normWeight address of {@code [channels]} floats, or 0
 * @param normBias address of {@code [channels]} floats, or 0
 * @param channels of a row
 * @param tokens rows of an image
 */
record RowSource(
    List<Input> inputs,
    DeviceValue gate,
    long normWeight,
    long normBias,
    int channels,
    int tokens,
    NormKind norm,
    Activation activation,
    float factor,
    float eps)
    implements KernelStruct {
  static final int SIZE = 296;

  /** No source. */
  static final RowSource NONE =
      new RowSource(
          List.of(), DeviceValue.NONE, 0, 0, 0, 0, NormKind.NO_NORM, Activation.NONE, 0, 0);

  /**
   * A term of the sum.
   *
   * @param map address of the value's row for each row, -1 for zeros; 0 for the row of the same
   *     number
   * @param factors one row of channels an image, or {@link DeviceValue#NONE}
   */
  record Input(DeviceValue value, long map, DeviceValue factors) {
    /** Rows of a value as they lie. */
    static Input of(DeviceValue value) {
      return mapped(value, 0);
    }

    /** Rows of a value through a map. */
    static Input mapped(DeviceValue value, long map) {
      return new Input(value, map, DeviceValue.NONE);
    }

    /** The same rows, each channel times the factor of its image. */
    Input times(DeviceValue factors) {
      return new Input(value, map, factors);
    }
  }

  /** Takes an immutable copy of the inputs. */
  RowSource {
    inputs = List.copyOf(inputs);
    if (inputs.size() > MAX_INPUTS) {
      throw new IllegalArgumentException(inputs.size() + " inputs are more than one launch takes.");
    }
  }

  /** The rows of one value. */
  static RowSource of(DeviceValue value, int tokens, int channels) {
    return sum(1f, tokens, channels, List.of(Input.of(value)));
  }

  /** A factor times the sum of inputs. */
  static RowSource sum(float factor, int tokens, int channels, List<Input> inputs) {
    return new RowSource(
        inputs,
        DeviceValue.NONE,
        0,
        0,
        channels,
        tokens,
        NormKind.NO_NORM,
        Activation.NONE,
        factor,
        0);
  }

  /** The same, then a root mean square norm. */
  RowSource rmsNorm(long weight, float eps) {
    return new RowSource(
        inputs, gate, weight, 0, channels, tokens, NormKind.RMS_NORM, activation, factor, eps);
  }

  /** The same, then a layer norm. */
  RowSource layerNorm(long weight, long bias, float eps) {
    return new RowSource(
        inputs, gate, weight, bias, channels, tokens, NormKind.LAYER_NORM, activation, factor, eps);
  }

  /** The same, then times SiLU of a gate. */
  RowSource gated(DeviceValue gate) {
    return new RowSource(
        inputs, gate, normWeight, normBias, channels, tokens, norm, activation, factor, eps);
  }

  /** The same, then an activation. */
  RowSource activated(Activation activation) {
    return new RowSource(
        inputs, gate, normWeight, normBias, channels, tokens, norm, activation, factor, eps);
  }

  @Override
  public int size() {
    return SIZE;
  }

  @Override
  public void write(StructWriter writer) {
    writer.structs(inputs.stream().map(Input::value).toList(), MAX_INPUTS, DeviceValue.NONE);
    for (int i = 0; i < MAX_INPUTS; i++) {
      writer.pointer(i < inputs.size() ? inputs.get(i).map() : 0);
    }
    writer.structs(inputs.stream().map(Input::factors).toList(), MAX_INPUTS, DeviceValue.NONE);
    writer.struct(gate).pointer(normWeight).pointer(normBias);
    writer.int32(inputs.size()).int32(channels).int32(tokens).int32(norm.ordinal());
    writer.int32(activation.ordinal()).float32(factor).float32(eps).unused();
  }
}
