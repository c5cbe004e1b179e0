package io.github.ptq4vm.compiler.quantize;

import io.github.ptq4vm.compiler.tensor.BatchRunner;
import io.github.ptq4vm.compiler.tensor.BatchRunner.PairObserver;
import io.github.ptq4vm.compiler.tensor.BatchRunner.Stream;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter;
import io.github.ptq4vm.compiler.tensor.TensorInterpreter.Linears;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Rounds the weights of a block's linears by the inputs they meet on the quantized stream, linear
 * after linear in order of execution, so that a later one meets what the earlier ones leave.
 *
 * <p>How far a weight moves to make up for its inputs before it is rounded ({@link Rounding#moves})
 * is tried, and what leaves the logits of held-out images nearest is kept.
 */
public final class BlockRounding {
  /** Part of the heap that second moments of inputs may take. */
  private static final int HEAP_SHARE = 4;

  private final TensorInterpreter interpreter;
  private final ClippingSearch search;
  private final Section section;
  private final int[] heldOut;
  private final Rounding rounding;
  private final BatchRunner runner;

  /**
   * Prepares rounding.
   *
   * @param search finds the weights' step sizes
   * @param rounding how weights are rounded
   * @param heldOut numbers of the images that judge and are not learned from, unless they are all
   */
  public BlockRounding(
      TensorInterpreter interpreter,
      ClippingSearch search,
      Rounding rounding,
      Section section,
      int[] heldOut) {
    this.rounding = rounding;
    this.interpreter = interpreter;
    this.search = search;
    this.section = section;
    this.heldOut = heldOut.clone();
    this.runner = new BatchRunner(interpreter);
  }

  /**
   * Rounds the weights that a plan names.
   *
   * @param start quantizers of the block by the linear's name
   * @param exact float stream in front of the block, image after image
   * @param quantized quantized stream there
   * @param judge scores the block's output for the held-out images, lower is better
   * @return the same quantizers, with fixed codes where rounding weights together serves the logits
   */
  public SortedMap<String, LinearQuantizer> round(
      QuantizationPlan plan,
      Map<String, LinearQuantizer> start,
      int images,
      float[] exact,
      float[] quantized,
      ToDoubleFunction<float[]> judge) {
    SortedMap<String, LinearQuantizer> current = new TreeMap<>(start);
    int size = exact.length / images;
    int[] seen = learners(images);
    for (List<Operation.Linear> group : groups(plan)) {
      Map<String, InputMoments> moments = new HashMap<>();
      Map<String, PairObserver> observers = new HashMap<>();
      for (Operation.Linear linear : group) {
        InputMoments of = new InputMoments(interpreter, current.get(linear.output()));
        moments.put(linear.output(), of);
        observers.put(linear.output(), of::add);
      }
      runner.runBoth(
          upTo(group),
          size,
          seen,
          new Stream(exact, Linears.FLOAT),
          new Stream(quantized, SimulatedLinear.all(interpreter, current)),
          observers);
      current = best(current, moments, BatchRunner.take(quantized, size, heldOut), judge);
    }
    return current;
  }

  /** Quantizers with the group's weights rounded, after the move the judge likes best. */
  private SortedMap<String, LinearQuantizer> best(
      SortedMap<String, LinearQuantizer> current,
      Map<String, InputMoments> moments,
      float[] stream,
      ToDoubleFunction<float[]> judge) {
    Map<String, HessianRounding> roundings = new HashMap<>();
    moments.forEach(
        (name, seen) ->
            roundings.put(name, new HessianRounding(interpreter, search, current.get(name), seen)));
    // Rounding to nearest is a candidate too: on few images the moments may mislead.
    SortedMap<String, LinearQuantizer> best = current;
    double least = loss(current, stream, judge);
    for (double share : rounding.moves()) {
      SortedMap<String, LinearQuantizer> trial = new TreeMap<>(current);
      roundings.forEach((name, of) -> trial.put(name, of.rounded(share, rounding.descent())));
      double loss = loss(trial, stream, judge);
      if (loss < least) {
        least = loss;
        best = trial;
      }
    }
    return best;
  }

  private double loss(
      SortedMap<String, LinearQuantizer> quantizers,
      float[] stream,
      ToDoubleFunction<float[]> judge) {
    return judge.applyAsDouble(
        runner.run(
            section,
            stream,
            heldOut.length,
            SimulatedLinear.all(interpreter, quantizers),
            BatchRunner.Observer.NONE));
  }

  private int[] learners(int images) {
    return heldOut.length == images
        ? heldOut
        : IntStream.range(0, images)
            .filter(image -> Arrays.binarySearch(heldOut, image) < 0)
            .toArray();
  }

  /**
   * The plan's linears in groups, in order: none of a group reads what another of it computes, so
   * one pass serves them all; and their moments fit the heap, if there is more than one.
   */
  List<List<Operation.Linear>> groups(QuantizationPlan plan) {
    Map<String, Integer> depths = new HashMap<>();
    SortedMap<Integer, List<Operation.Linear>> levels = new TreeMap<>();
    for (Operation operation : section.operations()) {
      int depth =
          operation.inputs().stream()
              .mapToInt(name -> depths.getOrDefault(name, 0))
              .max()
              .orElse(0);
      if (operation instanceof Operation.Linear linear
          && linear.quantizable()
          && plan.hessianRounding(linear)) {
        levels.computeIfAbsent(depth, level -> new ArrayList<>()).add(linear);
        depth++;
      }
      depths.put(operation.output(), depth);
    }
    List<List<Operation.Linear>> groups = new ArrayList<>();
    levels.values().forEach(level -> groups.addAll(fitting(level)));
    return groups;
  }

  private static List<List<Operation.Linear>> fitting(List<Operation.Linear> level) {
    long bound = Runtime.getRuntime().maxMemory() / HEAP_SHARE;
    List<List<Operation.Linear>> groups = new ArrayList<>();
    List<Operation.Linear> group = new ArrayList<>();
    long bytes = 0;
    for (Operation.Linear linear : level) {
      long more = InputMoments.bytes(linear.inFeatures());
      if (!group.isEmpty() && bytes + more > bound) {
        groups.add(group);
        group = new ArrayList<>();
        bytes = 0;
      }
      group.add(linear);
      bytes += more;
    }
    groups.add(group);
    return groups;
  }

  /** The section's beginning, up to the last linear of a group. */
  private Section upTo(List<Operation.Linear> group) {
    int last = group.stream().mapToInt(section.operations()::indexOf).max().orElseThrow();
    return new Section(section.name(), false, section.operations().subList(0, last + 1));
  }
}
