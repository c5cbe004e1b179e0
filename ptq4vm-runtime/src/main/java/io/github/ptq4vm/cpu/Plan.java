package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Network;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A network ready to run: stages in order, and the layout of the memory they work on. */
final class Plan {
  private final List<Stage> stages = new ArrayList<>();
  private final Layout layout;

  /**
   * Makes the steps of a schedule.
   *
   * @param steps makes the step of an operation
   * @param threads that will work on an image together
   */
  Plan(
      Network network,
      Numbers numbers,
      Schedule schedule,
      Function<Work, Step> steps,
      int threads) {
    Map<List<Work>, Integer> sizes = new IdentityHashMap<>();
    for (List<List<Work>> stage : schedule.stages()) {
      List<Chain> chains = new ArrayList<>();
      for (List<Work> chain : stage) {
        List<Step> made = chain.stream().map(steps).toList();
        int size = partSize(made, threads);
        sizes.put(chain, size);
        chains.add(new Chain(made, size));
      }
      stages.add(new Stage(chains));
    }
    this.layout = new Layout(network, numbers, schedule, sizes::get);
  }

  /** The stages. */
  List<Stage> stages() {
    return stages;
  }

  /** Memory for one image and so many threads. */
  Workspace workspace(int members) {
    return layout.workspace(members);
  }

  /**
   * Units of a part: what the step that takes most of the work wants, and as many parts for one
   * thread as for another.
   */
  private static int partSize(List<Step> steps, int threads) {
    int units = steps.get(0).units();
    int wanted = steps.stream().mapToInt(Step::unitsPerPart).min().orElse(units);
    int parts = (units + wanted - 1) / wanted;
    int even = (parts + threads - 1) / threads * threads;
    return (units + even - 1) / even;
  }
}
