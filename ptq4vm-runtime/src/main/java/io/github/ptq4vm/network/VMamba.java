package io.github.ptq4vm.network;

import java.util.Collections;
import java.util.List;

/**
 * VMamba of both generations: four stages of blocks that scan a grid by rows and columns, forwards
 * and backwards. Source: spec architectures.md 3.
 *
 * @param height height of the input in pixels
 * @param width width of the input in pixels
 * @param classes number of logits
 * @param stages the stages
 * @param states state size of the scan, N
 * @param generation which stem, downsampling and block
 */
public record VMamba(
    int height, int width, int classes, List<Stage> stages, int states, Generation generation) {

  private static final List<ScanDirection> CROSS =
      List.of(
          ScanDirection.ROWS,
          ScanDirection.COLUMNS,
          ScanDirection.ROWS.reversed(),
          ScanDirection.COLUMNS.reversed());

  /** Takes an immutable copy of the stages. */
  public VMamba {
    stages = List.copyOf(stages);
  }

  /** Which of the two published designs. */
  public enum Generation {
    /** "v0": patches that tile, patch merging, a gate, a bias in the convolution, no MLP. */
    VANILLA,
    /** "v2": overlapping convolutions as stem and downsampling, no gate, an MLP in each block. */
    V2
  }

  /**
   * A stage.
   *
   * @param dim width of the residual stream, D
   * @param depth number of blocks
   * @param inner inner width, E
   * @param rank width of the low-rank step sizes, R
   * @param hidden width inside the MLP; 0 where there is none
   */
  public record Stage(int dim, int depth, int inner, int rank, int hidden) {}

  /** The network. */
  public Network network() {
    int depth = stages.stream().mapToInt(Stage::depth).sum();
    return new StagedMamba(
            "vmamba-" + (generation == Generation.V2 ? "v2" : "v0"),
            height,
            width,
            classes,
            stages,
            states,
            generation == Generation.V2,
            Collections.nCopies(depth, CROSS),
            false)
        .network();
  }
}
