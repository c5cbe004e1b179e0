package io.github.ptq4vm.cpu;

import io.github.ptq4vm.network.BufferSharing;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.TokenOperation;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which value lies where. A range of channels or a single token is a view into the value it is
 * taken from. A value that only its own chain reads is there for the rows of one part at a time,
 * and every thread has memory of its own for such rows, which stays in its cache. Every other value
 * gets memory that it gives back after the last stage that reads it, so that the memory of a
 * network is that of a few values and does not grow with depth.
 */
final class Layout {
  private final Numbers numbers;

  /**
   * By number; those of views inside the values they are taken from; null for what is not there.
   */
  private final @Nullable Placement[] placements;

  private final int[] bufferSizes;
  private final int[] localSizes;

  /** When a value is there: in stages, and in operations. */
  private static final class Life {
    final int number;
    final List<Work> chain;
    final int firstStage;
    final int firstWork;
    int lastStage;
    int lastWork;
    private boolean elsewhere;

    Life(int number, List<Work> chain, int stage, int work, boolean elsewhere) {
      this.number = number;
      this.chain = chain;
      this.firstStage = stage;
      this.firstWork = work;
      this.lastStage = stage;
      this.lastWork = work;
      this.elsewhere = elsewhere;
    }

    void read(List<Work> reader, int stage, int work) {
      lastStage = stage;
      lastWork = work;
      elsewhere |= reader != chain;
    }

    void keep() {
      lastStage = Integer.MAX_VALUE;
      elsewhere = true;
    }

    /** Whether nobody but its own chain reads it, in the parts it is written in. */
    boolean isLocal() {
      return !elsewhere && lastWork > firstWork;
    }
  }

  /**
   * Lays out the values a schedule writes.
   *
   * @param partSize units of a part of a chain
   */
  Layout(Network network, Numbers numbers, Schedule schedule, ToIntFunction<List<Work>> partSize) {
    this.numbers = numbers;
    this.placements = new Placement[numbers.count()];
    int[] roots = roots(network);
    List<Life> lives = lives(network, schedule, roots);
    this.bufferSizes =
        share(
            lives.stream().filter(life -> !life.isLocal()).toList(),
            life -> new BufferSharing.Lifetime(size(life, 0), life.firstStage, life.lastStage),
            life -> 0,
            0);
    this.localSizes =
        share(
            lives.stream().filter(Life::isLocal).toList(),
            life ->
                new BufferSharing.Lifetime(
                    size(life, partSize.applyAsInt(life.chain)), life.firstWork, life.lastWork),
            life -> partSize.applyAsInt(life.chain),
            bufferSizes.length);
    placeViews(network);
  }

  /** Memory for one image and so many threads. */
  Workspace workspace(int members) {
    return new Workspace(placements, bufferSizes, localSizes, members);
  }

  /** Floats a workspace holds, those of one member included. */
  long floats() {
    return IntStream.concat(IntStream.of(bufferSizes), IntStream.of(localSizes))
        .asLongStream()
        .sum();
  }

  /** The number of the value that a value lies in. */
  private int[] roots(Network network) {
    int[] roots = new int[placements.length];
    for (Operation operation : network.operations()) {
      int output = numbers.of(operation.output());
      roots[output] =
          Work.isView(operation) ? roots[numbers.of(operation.inputs().get(0))] : output;
    }
    return roots;
  }

  /** Lives in the order in which they begin. */
  private List<Life> lives(Network network, Schedule schedule, int[] roots) {
    int image = numbers.of(Network.IMAGE);
    Map<Integer, Life> lives = new HashMap<>();
    lives.put(image, new Life(image, List.of(), -1, -1, true));
    List<List<List<Work>>> stages = schedule.stages();
    int now = 0;
    for (int stage = 0; stage < stages.size(); stage++) {
      for (List<Work> chain : stages.get(stage)) {
        for (Work work : chain) {
          for (String input : work.inputs()) {
            lives.get(roots[numbers.of(input)]).read(chain, stage, now);
          }
          int output = numbers.of(work.output());
          lives.put(output, new Life(output, chain, stage, now, !work.isOverRows()));
          now++;
        }
      }
    }
    lives.get(roots[numbers.of(network.logits())]).keep();
    return lives.values().stream()
        .sorted(Comparator.<Life>comparingInt(life -> life.firstWork))
        .toList();
  }

  private int size(Life life, int cycle) {
    int rows = numbers.rows(life.number);
    return Math.min(rows, cycle == 0 ? rows : cycle) * numbers.columns(life.number);
  }

  /** Values that are never needed at the same time share a buffer; returns the buffers' sizes. */
  private int[] share(
      List<Life> lives,
      Function<Life, BufferSharing.Lifetime> lifetime,
      ToIntFunction<Life> cycle,
      int firstBuffer) {
    BufferSharing sharing = new BufferSharing(lives.stream().map(lifetime).toList());
    for (int i = 0; i < lives.size(); i++) {
      int number = lives.get(i).number;
      int rows = numbers.rows(number);
      int columns = numbers.columns(number);
      int there = cycle.applyAsInt(lives.get(i));
      placements[number] =
          new Placement(
              firstBuffer + sharing.buffer(i),
              0,
              columns,
              rows,
              columns,
              there == 0 ? rows : Math.min(rows, there));
    }
    return sharing.sizes();
  }

  private void placeViews(Network network) {
    for (Operation operation : network.operations()) {
      if (Work.isView(operation)) {
        Placement source = placements[numbers.of(operation.inputs().get(0))];
        if (source != null) {
          placements[numbers.of(operation.output())] =
              operation instanceof Operation.Channels channels
                  ? source.columns(channels.from(), channels.to())
                  : source.row(((TokenOperation.SelectToken) operation).position());
        }
      }
    }
  }
}
