package io.github.ptq4vm.network;

import java.util.List;

/**
 * LocalVMamba: VMamba's first generation with searched scan directions in each block, some of them
 * window by window, and a weighing of each direction's channels. Source: spec architectures.md 4.4.
 *
 * @param height height of the input in pixels
 * @param width width of the input in pixels
 * @param classes number of logits
 * @param stages the stages
 * @param states state size of the scan, N
 * @param directions directions of each block, through all stages
 */
public record LocalVMamba(
    int height,
    int width,
    int classes,
    List<VMamba.Stage> stages,
    int states,
    List<List<ScanDirection>> directions) {

  /** Takes immutable copies of the lists. */
  public LocalVMamba {
    stages = List.copyOf(stages);
    directions = directions.stream().map(List::copyOf).toList();
  }

  /** The network. */
  public Network network() {
    return new StagedMamba(
            "localvmamba", height, width, classes, stages, states, false, directions, true)
        .network();
  }
}
