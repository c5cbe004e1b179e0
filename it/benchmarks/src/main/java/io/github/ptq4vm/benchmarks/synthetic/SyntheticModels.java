package io.github.ptq4vm.benchmarks.synthetic;

import io.github.ptq4vm.cpu.CpuExecutor;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.ElementType;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Quantizes a float model in the plainest way that gives a model the runtime takes for any other:
 * weights rounded to nearest with the largest of a row at the largest code, static ranges of one
 * image's tokens, no smoothing. Codes fill their range as calibrated ones do, so no kernel meets
 * easier numbers; accuracy is not the point.
 */
public final class SyntheticModels {
  private static final float SMALLEST_STEP = 1e-8f;
  private static final float WHOLE_RANGE = 1;

  private SyntheticModels() {}

  /**
   * A quantized model.
   *
   * @param floats the model it is made from; shared parameters are not copied
   */
  public static Model quantize(
      Model floats, RecipePlan recipe, int weightBits, int activationBits) {
    Network network = recipe.apply(floats.network(), weightBits, activationBits);
    SortedMap<String, Tensor> parameters = new TreeMap<>(floats.parameters());
    try (CpuExecutor executor = new CpuExecutor(floats, 1)) {
      Map<String, float[]> inputs = executor.trace(image(network, 0), inputsOfStatic(network));
      for (Operation.Linear linear : network.quantizableLinears()) {
        put(parameters, linear, floats.floats(linear.weight()), inputs);
      }
    }
    return new Model(network, parameters);
  }

  /**
   * An image of noise: {@code 3*height*width} floats between -2 and 2, as normalised images have.
   *
   * @param number each number has an image of its own
   */
  public static float[] image(Network network, int number) {
    SplittableRandom random = new SplittableRandom(number);
    float[] image = new float[3 * network.height() * network.width()];
    for (int i = 0; i < image.length; i++) {
      image[i] = (float) (4 * random.nextDouble() - 2);
    }
    return image;
  }

  private static Set<String> inputsOfStatic(Network network) {
    return network.quantizableLinears().stream()
        .filter(linear -> !isDynamic(precision(linear)))
        .map(Operation.Linear::input)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static Precision precision(Operation.Linear linear) {
    Precision precision = linear.precision();
    if (precision == null) {
      throw new IllegalArgumentException(linear.output() + " has no precision.");
    }
    return precision;
  }

  private static boolean isDynamic(Precision precision) {
    return precision.scale() == ActivationScale.DYNAMIC_PER_TOKEN;
  }

  private static void put(
      SortedMap<String, Tensor> parameters,
      Operation.Linear linear,
      float[] floatWeight,
      Map<String, float[]> inputs) {
    Precision precision = precision(linear);
    boolean rotated = precision.rotation() == Rotation.HADAMARD;
    ChannelRotation rotation = ChannelRotation.of(linear.inFeatures());
    float[] weight = floatWeight.clone();
    if (rotated) {
      rotation.apply(weight);
    }
    float[] steps = weightSteps(weight, linear, precision.weightLimit());
    parameters.put(linear.weight(), codes(weight, steps, linear, precision));
    parameters.put(linear.weightStep(), floats(steps));
    float[] smoothing = new float[linear.inFeatures()];
    Arrays.fill(smoothing, 1);
    parameters.put(linear.inputSmoothing(), floats(smoothing));
    if (isDynamic(precision)) {
      parameters.put(linear.inputRange(), floats(new float[] {WHOLE_RANGE}));
    } else {
      float[] seen = Objects.requireNonNull(inputs.get(linear.input())).clone();
      if (rotated) {
        rotation.apply(seen);
      }
      putStatic(parameters, linear, seen, precision.activationLimit());
    }
  }

  private static void putStatic(
      SortedMap<String, Tensor> parameters, Operation.Linear linear, float[] input, int limit) {
    int channels = linear.inFeatures();
    int tokens = input.length / channels;
    float[] step = new float[tokens];
    byte[] zeroPoint = new byte[tokens];
    for (int t = 0; t < tokens; t++) {
      float low = 0;
      float high = 0;
      for (int c = 0; c < channels; c++) {
        low = Math.min(low, input[t * channels + c]);
        high = Math.max(high, input[t * channels + c]);
      }
      step[t] = Math.max((high - low) / limit, SMALLEST_STEP);
      zeroPoint[t] = (byte) Math.min(limit, Math.rint(-low / step[t]));
    }
    parameters.put(linear.inputStep(), floats(step));
    parameters.put(
        linear.inputZeroPoint(), new Tensor.Bytes(ElementType.U8, List.of(tokens), zeroPoint));
  }

  private static float[] weightSteps(float[] weight, Operation.Linear linear, int limit) {
    int channels = linear.inFeatures();
    float[] steps = new float[linear.outFeatures()];
    for (int o = 0; o < steps.length; o++) {
      float largest = 0;
      for (int k = 0; k < channels; k++) {
        largest = Math.max(largest, Math.abs(weight[o * channels + k]));
      }
      steps[o] = Math.max(largest / limit, SMALLEST_STEP);
    }
    return steps;
  }

  private static Tensor codes(
      float[] weight, float[] steps, Operation.Linear linear, Precision precision) {
    int channels = linear.inFeatures();
    int width = precision.packsTwoWeights() ? (channels + 1) / 2 : channels;
    byte[] bytes = new byte[linear.outFeatures() * width];
    for (int o = 0; o < steps.length; o++) {
      for (int k = 0; k < channels; k++) {
        int code = (int) Math.rint(weight[o * channels + k] / steps[o]);
        if (precision.packsTwoWeights()) {
          bytes[o * width + k / 2] |= (byte) ((code & 0xf) << (k % 2 == 0 ? 0 : 4));
        } else {
          bytes[o * width + k] = (byte) code;
        }
      }
    }
    ElementType type = precision.packsTwoWeights() ? ElementType.U8 : ElementType.I8;
    return new Tensor.Bytes(type, List.of(linear.outFeatures(), width), bytes);
  }

  private static Tensor floats(float[] values) {
    return new Tensor.Floats(List.of(values.length), values);
  }
}
