package io.github.ptq4vm.cuda;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Puts plans in order, and those together that one launch can solve: plans of equal shape that are
 * equally many launches away from the image, so that none waits for another.
 */
final class Schedule {
  private Schedule() {}

  /**
   * The groups of plans in order.
   *
   * @param plans in an order in which each comes behind those it reads from
   * @param stores number of stored values
   */
  static List<List<LaunchPlan>> of(List<LaunchPlan> plans, int stores) {
    int[] depth = new int[stores];
    TreeMap<Integer, Map<Object, List<LaunchPlan>>> levels = new TreeMap<>();
    for (LaunchPlan plan : plans) {
      int level =
          1
              + plan.reads().stream()
                  .filter(value -> !value.isConstant())
                  .mapToInt(value -> depth[value.store()])
                  .max()
                  .orElse(0);
      int written = plan.writes().store();
      depth[written] = Math.max(depth[written], level);
      levels
          .computeIfAbsent(level, number -> new LinkedHashMap<>())
          .computeIfAbsent(plan.shape(), shape -> new ArrayList<>())
          .add(plan);
    }
    List<List<LaunchPlan>> groups = new ArrayList<>();
    for (Map<Object, List<LaunchPlan>> level : levels.values()) {
      for (List<LaunchPlan> same : level.values()) {
        for (int from = 0; from < same.size(); from += KernelStruct.MAX_PROBLEMS) {
          int to = Math.min(same.size(), from + KernelStruct.MAX_PROBLEMS);
          groups.add(List.copyOf(same.subList(from, to)));
        }
      }
    }
    return groups;
  }
}
