package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.BufferSharing;
import io.github.ptq4vm.network.Network;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A network as launches, for any number of images.
 *
 * @param groups plans of each launch, in order
 * @param constants weights, tables and maps
 * @param planes where images come in: planes of normalised floats, one behind the other
 * @param logits where logits come out, in single precision
 * @param kept where values lie that were to be kept
 * @param memory of the stored values
 */
record LoweredNetwork(
    List<List<LaunchPlan>> groups,
    Constants constants,
    ValuePlan planes,
    ValuePlan logits,
    Map<String, ValuePlan> kept,
    Memory memory) {

  /** Sizes are counted in pieces of so many bytes, which an int can count. */
  private static final int PIECE = 16;

  /**
   * Which stored values share a buffer.
   *
   * @param buffers number of the buffer of each stored value
   * @param pieces size of each buffer for one image
   */
  record Memory(int[] buffers, int[] pieces) {

    private WorkspacePlan workspace(int images) {
      long[] starts = new long[pieces.length];
      long end = 0;
      for (int i = 0; i < starts.length; i++) {
        starts[i] = Addresses.of(Addresses.WORKSPACE, end);
        end = Addresses.align(end + (long) pieces[i] * PIECE * images);
      }
      return new WorkspacePlan(Arrays.stream(buffers).mapToLong(b -> starts[b]).toArray(), end);
    }
  }

  static LoweredNetwork of(
      Network network,
      Values values,
      Constants constants,
      ValuePlan planes,
      ValuePlan logits,
      Set<String> wanted) {
    Map<String, ValuePlan> kept = new HashMap<>();
    wanted.forEach(value -> kept.put(value, values.stored(value)));
    List<List<LaunchPlan>> groups = Schedule.of(values.plans(), values.stores().size());
    Set<Integer> forever = new HashSet<>(Set.of(logits.store()));
    kept.values().forEach(plan -> forever.add(plan.store()));
    return new LoweredNetwork(
        groups, constants, planes, logits, kept, share(groups, values.stores(), forever));
  }

  private static Memory share(
      List<List<LaunchPlan>> groups, List<ValuePlan> stores, Set<Integer> forever) {
    int[] first = new int[stores.size()];
    int[] last = new int[stores.size()];
    Arrays.fill(first, Integer.MAX_VALUE);
    for (int step = 0; step < groups.size(); step++) {
      for (LaunchPlan plan : groups.get(step)) {
        List<ValuePlan> touched = new ArrayList<>(plan.reads());
        touched.add(plan.writes());
        for (ValuePlan value : touched) {
          if (!value.isConstant()) {
            first[value.store()] = Math.min(first[value.store()], step);
            last[value.store()] = step;
          }
        }
      }
    }
    forever.forEach(store -> last[store] = Integer.MAX_VALUE);
    List<Integer> order =
        IntStream.range(0, stores.size())
            .boxed()
            .sorted(Comparator.comparingInt(store -> first[store]))
            .toList();
    BufferSharing sharing =
        new BufferSharing(
            order.stream()
                .map(
                    store ->
                        new BufferSharing.Lifetime(
                            pieces(stores.get(store)), first[store], last[store]))
                .toList());
    int[] buffers = new int[stores.size()];
    for (int i = 0; i < buffers.length; i++) {
      buffers[order.get(i)] = sharing.buffer(i);
    }
    return new Memory(buffers, sharing.sizes());
  }

  private static int pieces(ValuePlan value) {
    return Math.toIntExact((value.bytesPerImage() + PIECE - 1) / PIECE);
  }

  /** Where values lie for a number of images. */
  WorkspacePlan workspace(int images) {
    return memory.workspace(images);
  }

  /** The launches for a number of images. */
  List<Launch> launches(int images, GpuTraits gpu) {
    Batch batch = new Batch(images, workspace(images), gpu);
    return groups.stream().map(group -> group.get(0).launch(group, batch)).toList();
  }
}
