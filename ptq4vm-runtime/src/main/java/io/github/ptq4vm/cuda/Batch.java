package io.github.ptq4vm.cuda;

/**
 * What turns a plan into launches.
 *
 * @param images of the batch
 * @param workspace where values lie
 * @param gpu that runs it
 */
record Batch(int images, WorkspacePlan workspace, GpuTraits gpu) {

  /** A value of the batch. */
  DeviceValue value(ValuePlan plan) {
    return plan.in(workspace);
  }
}
