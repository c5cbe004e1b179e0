package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The order of a network's operations: stages, one after the other, of chains that do not wait for
 * each other. Each operation comes as early as its inputs allow, behind the one that writes its
 * input where it can go on with the rows that one has just written. So the directions of a block
 * are in the same stages.
 */
final class Schedule {
  private final Network network;
  private final List<List<List<Work>>> stages = new ArrayList<>();

  /** Where each value that is written gets written; views count as what they are taken from. */
  private final Map<String, Place> places = new HashMap<>();

  private record Place(int stage, List<Work> chain) {}

  private Schedule(Network network) {
    this.network = network;
    places.put(Network.IMAGE, new Place(-1, List.of()));
  }

  /** As few stages as possible, and no copies that only put tokens into another order. */
  static Schedule fused(Network network) {
    Schedule schedule = new Schedule(network);
    for (Work work : Reordering.absorb(network)) {
      schedule.append(work);
    }
    return schedule;
  }

  /** A stage for each operation, in the order of the network: every value is there for a while. */
  static Schedule separate(Network network) {
    Schedule schedule = new Schedule(network);
    for (Operation operation : network.operations()) {
      if (!Work.isView(operation)) {
        schedule.stages.add(List.of(List.of(Work.of(operation))));
      }
    }
    return schedule;
  }

  /** The stages: in each the chains, in each the operations in order. */
  List<List<List<Work>>> stages() {
    return stages;
  }

  private void append(Work work) {
    Operation operation = work.operation();
    if (Work.isView(operation)) {
      places.put(work.output(), place(work.inputs().get(0)));
      return;
    }
    int stage = work.inputs().stream().mapToInt(input -> place(input).stage()).max().orElse(-1);
    Set<List<Work>> chains = Collections.newSetFromMap(new IdentityHashMap<>());
    for (String input : work.inputs()) {
      if (place(input).stage() == stage) {
        chains.add(place(input).chain());
      }
    }
    Place last = new Place(stage, chains.iterator().next());
    if (chains.size() > 1 || !work.isRowwise() || !continues(last, work)) {
      last = new Place(stage + 1, new ArrayList<>());
      while (stages.size() <= stage + 1) {
        stages.add(new ArrayList<>());
      }
      stages.get(stage + 1).add(last.chain());
    }
    last.chain().add(work);
    places.put(work.output(), last);
  }

  /** Whether what the work needs of a stage are the rows that a chain in it has just written. */
  private boolean continues(Place last, Work work) {
    int rows = rows(work.output());
    return !last.chain().isEmpty()
        && last.chain().get(0).isOverRows()
        && rows(last.chain().get(0).output()) == rows
        && work.inputs().stream()
            .allMatch(input -> place(input).stage() < last.stage() || rows(input) == rows);
  }

  private Place place(String value) {
    Place place = places.get(value);
    if (place == null) {
      throw new IllegalStateException("Value \"" + value + "\" is read before it is written.");
    }
    return place;
  }

  private int rows(String value) {
    return network.shape(value).tokens();
  }
}
