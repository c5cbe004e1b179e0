package io.github.ptq4vm.cuda;

import java.util.List;

/** One problem for a kernel, whatever the number of images. */
interface LaunchPlan {

  /** Values and tables it reads. */
  List<ValuePlan> reads();

  /** The value it writes, or writes a part of. */
  ValuePlan writes();

  /**
   * Plans of equal shape, which do not depend on each other, may be solved by one launch. A plan
   * that cannot share a launch answers itself, as here.
   */
  default Object shape() {
    return this;
  }

  /**
   * The launch for a batch.
   *
   * @param group plans of this shape, this one first, at most {@link KernelStruct#MAX_PROBLEMS}
   */
  Launch launch(List<LaunchPlan> group, Batch batch);
}
