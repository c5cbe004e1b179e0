package io.github.ptq4vm.cuda;

import io.github.ptq4vm.cpu.CpuKernels;
import io.github.ptq4vm.cpu.Matrix;
import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.InputScale;
import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A quantized linear with random parameters, on both sides. */
record LinearCase(int tokens, boolean fourBits, QuantizedWeights weights) {

  static LinearCase random(
      Random random,
      int tokens,
      int in,
      int out,
      int weightBits,
      int inputBits,
      boolean dynamic,
      boolean rotated) {
    int weightLimit = (1 << weightBits - 1) - 1;
    int limit = (1 << inputBits) - 1;
    byte[] codes = new byte[out * in];
    int[] sums = new int[out];
    int[] magnitudes = new int[out];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (random.nextInt(2 * weightLimit + 1) - weightLimit);
      sums[i / in] += codes[i];
      magnitudes[i / in] += Math.abs(codes[i]);
    }
    int[] zeros = random.ints(tokens, 0, limit + 1).toArray();
    InputScale scale =
        dynamic
            ? new InputScale.Dynamic(0.5f + random.nextFloat())
            : new InputScale.Static(positive(random, tokens, 4f / limit), zeros);
    return new LinearCase(
        tokens,
        weightBits <= 4,
        new QuantizedWeights(
            out,
            in,
            codes,
            positive(random, out, 0.2f / weightLimit),
            sums,
            magnitudes,
            positive(random, in, 1),
            scale,
            limit,
            rotated ? ChannelRotation.of(in) : null,
            random.nextBoolean() ? ScalarReference.floats(random, out) : null));
  }

  private static float[] positive(Random random, int count, float size) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = size * (0.5f + random.nextFloat());
    }
    return values;
  }

  /** Whether to launch the kernels that multiply 4 bits by 4 bits: both where both can. */
  boolean[] kernels() {
    boolean emulated = !"real".equals(System.getenv("PTQ4VM_GPU"));
    return fourBits && emulated ? new boolean[] {false, true} : new boolean[] {false};
  }

  /** What the scalar provider makes of rows of all images. */
  float[] expected(float[] x) {
    int in = weights.inFeatures();
    int out = weights.outFeatures();
    CpuKernels.QuantizedLinear linear = ScalarReference.KERNELS.linear(weights);
    int images = x.length / in / tokens;
    float[] all = new float[images * tokens * out];
    for (int i = 0; i < images; i++) {
      float[] y = new float[tokens * out];
      linear.apply(
          Matrix.of(ScalarReference.image(x, i, tokens * in), tokens, in),
          Matrix.of(y, tokens, out),
          0,
          tokens,
          ScalarReference.scratch());
      System.arraycopy(y, 0, all, i * y.length, y.length);
    }
    return all;
  }

  InputQuantizer quantizer(KernelBench bench) {
    long smoothing = bench.floats(weights.inputSmoothing());
    InputQuantizer quantizer;
    if (weights.inputScale() instanceof InputScale.Static fixed) {
      byte[] zeros = new byte[tokens];
      for (int t = 0; t < tokens; t++) {
        zeros[t] = (byte) fixed.zeroPoint()[t];
      }
      quantizer =
          InputQuantizer.fixed(
              smoothing, bench.floats(fixed.step()), bench.bytes(zeros), weights.inputLimit());
    } else {
      float range = ((InputScale.Dynamic) weights.inputScale()).range();
      quantizer = InputQuantizer.dynamic(smoothing, range, weights.inputLimit());
    }
    ChannelRotation rotation = weights.rotation();
    return rotation == null
        ? quantizer
        : quantizer.rotated(
            bench.floats(rotation.scale()), bench.floats(rotation.matrix()), rotation.base());
  }

  /** The linear on rows, without activation, residual and quantization behind it. */
  Problem problem(KernelBench bench, RowSource source, DeviceValue output) {
    return new Problem(bench, this, source, output);
  }

  /** What a launch is told about a linear. */
  static final class Problem {
    private final LinearCase linear;
    private final RowSource source;
    private final InputQuantizer quantizer;
    private final long weight;
    private final long weightStep;
    private final long rowSum;
    private final long bias;
    private final DeviceValue output;
    private InputQuantizer next = InputQuantizer.NONE;
    private DeviceValue residual = DeviceValue.NONE;
    private Activation activation = Activation.NONE;

    private Problem(KernelBench bench, LinearCase linear, RowSource source, DeviceValue output) {
      QuantizedWeights weights = linear.weights;
      int out = weights.outFeatures();
      int padded = KernelStruct.roundUp(out, LinearProblem.PADDING);
      float[] shift = weights.bias();
      this.linear = linear;
      this.source = source;
      this.output = output;
      this.quantizer = linear.quantizer(bench);
      this.weight =
          bench.bytes(
              WeightLayout.of(weights.weight(), out, weights.inFeatures(), linear.fourBits));
      this.weightStep = bench.floats(Arrays.copyOf(weights.weightStep(), padded));
      this.rowSum = bench.ints(Arrays.copyOf(weights.rowSum(), padded));
      this.bias = shift == null ? 0 : bench.floats(Arrays.copyOf(shift, padded));
    }

    Problem activation(Activation behind) {
      this.activation = behind;
      return this;
    }

    Problem residual(DeviceValue added) {
      this.residual = added;
      return this;
    }

    Problem next(InputQuantizer reader) {
      this.next = reader;
      return this;
    }

    DeviceValue output() {
      return output;
    }

    private LinearProblem struct(int columns) {
      QuantizedWeights weights = linear.weights;
      return new LinearProblem(
          source,
          quantizer,
          next,
          weight,
          weightStep,
          rowSum,
          bias,
          residual,
          output,
          weights.inFeatures(),
          weights.outFeatures(),
          activation,
          columns);
    }
  }

  /**
   * Launches problems of one shape as a GPU would be given them.
   *
   * @param nativeNibbles whether 4 bits are multiplied by 4 bits where the emulation has both ways
   */
  static void run(
      KernelBench bench, List<Problem> problems, int images, GpuTraits gpu, boolean nativeNibbles) {
    LinearCase linear = problems.get(0).linear;
    LinearGeometry geometry =
        LinearGeometry.of(
            images * linear.tokens,
            linear.weights.inFeatures(),
            linear.weights.outFeatures(),
            linear.fourBits,
            problems.size(),
            gpu);
    KernelGeometry launch = geometry.launch();
    bench.run(
        new KernelGeometry(
            (nativeNibbles ? "native_" : "") + launch.kernel(),
            launch.gridX(),
            launch.gridY(),
            launch.gridZ(),
            launch.block(),
            launch.sharedBytes()),
        new LinearParams(
            problems.stream().map(problem -> problem.struct(geometry.columns())).toList(),
            images,
            geometry.rows()));
  }
}
