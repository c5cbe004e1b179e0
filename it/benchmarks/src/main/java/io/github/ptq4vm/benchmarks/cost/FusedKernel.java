package io.github.ptq4vm.benchmarks.cost;

/** The kernels of a fused chain; each runs once a block, for all of its scan directions. */
public enum FusedKernel {
  /** Norm, quantization, in_proj. */
  IN_PROJ("a", "norm + quantize + in_proj"),
  /** Convolution and SiLU. */
  CONVOLUTION("b", "convolution + SiLU"),
  /** Tokens put in order, quantization, x_proj. */
  X_PROJ("c", "order + quantize + x_proj"),
  /** dt_proj, softplus, scan; results go to where their tokens came from. */
  SCAN("d", "dt_proj + softplus + scan"),
  /** LocalMamba's means over tokens and what follows from them, up to the factors. */
  ATTENTION("i", "norm + mean + factors of channels"),
  /** Sum of the directions, norm, gate, quantization, out_proj, residual. */
  OUT_PROJ("e", "merge + gate + quantize + out_proj + residual"),
  /** Norm, quantization, fc1, GELU. */
  FC1("f", "norm + quantize + fc1 + GELU"),
  /** Quantization unless fc1 did it, fc2, residual. */
  FC2("g", "quantize + fc2 + residual"),
  /** What is outside of blocks: stem, downsampling, pooling, head; a kernel a matrix. */
  EDGE("h", "stem, downsampling, head");

  private final String letter;
  private final String title;

  FusedKernel(String letter, String title) {
    this.letter = letter;
    this.title = title;
  }

  /** Short name. */
  public String letter() {
    return letter;
  }

  /** What it does. */
  public String title() {
    return title;
  }
}
