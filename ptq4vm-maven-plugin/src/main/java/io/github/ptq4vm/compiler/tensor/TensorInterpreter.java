package io.github.ptq4vm.compiler.tensor;

import io.github.ptq4vm.network.ChannelRotation;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs a float model's sections on batches of images, in float32, keeping what a gradient needs
 * when asked to. Which linears run quantized is up to the caller.
 */
public final class TensorInterpreter implements AutoCloseable {
  private final Model model;
  private final Torch torch;
  private final Parallel parallel;
  private final QuantizeKernel quantizeKernel;
  private final DynamicScaleKernel dynamicScales;
  private final Elementwise elementwise;
  private final Norms norms;
  private final Rows rows;
  private final Buffers buffers = new Buffers();
  private final Map<String, ScanKernel> scans = new HashMap<>();
  private final Map<String, ConvolutionKernel> convolutions = new HashMap<>();
  private final Map<String, DepthwiseKernel> depthwise = new HashMap<>();
  private final Map<String, LinearExecution> floats = new HashMap<>();
  private final Map<Integer, RotationKernel> rotations = new HashMap<>();

  /** Starts an interpreter for a model with float parameters. */
  public TensorInterpreter(Model model, int threads) {
    this.model = model;
    this.torch = new Torch();
    this.parallel = new Parallel(threads);
    this.quantizeKernel = new QuantizeKernel(parallel);
    this.dynamicScales = new DynamicScaleKernel(parallel);
    this.elementwise = new Elementwise(parallel);
    this.norms = new Norms(parallel);
    this.rows = new Rows(parallel);
  }

  /** Chooses how a linear runs: null for float32. */
  @FunctionalInterface
  public interface Linears extends Function<Operation.Linear, @Nullable LinearExecution> {
    /** All in float32. */
    Linears FLOAT = linear -> null;
  }

  /** Hears the input of every linear, before it runs: {@code rows * inFeatures} floats. */
  @FunctionalInterface
  public interface Observer extends BiConsumer<Operation.Linear, float[]> {
    /** Hears nothing. */
    Observer NONE = (linear, input) -> {};
  }

  /**
   * Runs a section.
   *
   * @param input the value in front of it for {@code images} images
   * @return the value that goes on, the caller's to keep
   */
  public float[] run(
      Section section, float[] input, int images, Linears linears, Observer observer) {
    SectionRun run = new SectionRun(this, section, images, linears, observer, false);
    run.forward(input);
    float[] output = buffers.keep(run.value(section.output()));
    buffers.releaseAll();
    return output;
  }

  /** Runs a section and keeps what {@link SectionRun#backward} needs, and the output. */
  public SectionRun record(Section section, float[] input, int images, Linears linears) {
    buffers.releaseAll();
    SectionRun run = new SectionRun(this, section, images, linears, Observer.NONE, true);
    run.forward(input);
    return run;
  }

  /** Forgets recycled arrays. */
  public void trim() {
    buffers.releaseAll();
    buffers.trim();
  }

  /** The network. */
  public Network network() {
    return model.network();
  }

  /** The float model. */
  public Model model() {
    return model;
  }

  /** Dense products. */
  public Torch torch() {
    return torch;
  }

  /** Threads for work on the side. */
  public Parallel parallel() {
    return parallel;
  }

  /** Fake quantization. */
  public QuantizeKernel quantizeKernel() {
    return quantizeKernel;
  }

  /** Step sizes and zero points from a row's own range. */
  public DynamicScaleKernel dynamicScales() {
    return dynamicScales;
  }

  /** Rotation of rows of a number of channels. */
  public RotationKernel rotation(int channels) {
    return rotations.computeIfAbsent(
        channels, size -> new RotationKernel(parallel, ChannelRotation.of(size)));
  }

  /** What the kernels run on, e.g. {@code vector-256}: results depend on it in the last bits. */
  public String kernels() {
    return "vector-" + VectorMath.SPECIES.vectorBitSize();
  }

  /** Adds a bias to every row of {@code y}, unless it is empty. */
  public void addBias(int rows, float[] bias, float[] y) {
    if (bias.length > 0) {
      this.rows.addBias(rows, bias.length, bias, y);
    }
  }

  Elementwise elementwise() {
    return elementwise;
  }

  Norms norms() {
    return norms;
  }

  Rows rows() {
    return rows;
  }

  /** Arrays for values that do not outlive a run. */
  public Buffers buffers() {
    return buffers;
  }

  LinearExecution floatLinear(Operation.Linear op) {
    return floats.computeIfAbsent(
        op.output(),
        name ->
            new FloatLinear(this, op.inFeatures(), op.outFeatures(), model.floats(op.weight())));
  }

  ScanKernel scan(Operation.SelectiveScan op) {
    return scans.computeIfAbsent(
        op.output(),
        name ->
            new ScanKernel(
                network().shape(op.u()).tokens(),
                op.channels(),
                op.states(),
                model.floats(op.aLog()),
                model.floats(op.skip())));
  }

  ConvolutionKernel convolution(Operation.CausalConvolution op) {
    return convolutions.computeIfAbsent(
        op.output(),
        name ->
            new ConvolutionKernel(
                network().shape(op.input()).tokens(),
                op.channels(),
                op.width(),
                model.floats(op.weight()),
                model.floats(op.bias()),
                op.activation()));
  }

  DepthwiseKernel depthwise(GridOperation.DepthwiseConvolution2d op) {
    return depthwise.computeIfAbsent(
        op.output(),
        name ->
            new DepthwiseKernel(
                op,
                model.floats(op.weight()),
                op.hasBias() ? model.floats(op.bias()) : new float[0]));
  }

  @Override
  public void close() {
    parallel.close();
    torch.close();
  }
}
