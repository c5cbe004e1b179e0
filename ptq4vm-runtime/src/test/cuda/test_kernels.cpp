// Kernels that only tests of the driver facade launch.
#include "../../main/cuda/device.cuh"

struct TestParams {
  const float* input;
  float* output;
  float factor;
  int count;
};

// output[i] = factor * input[i], through shared memory.
KERNEL(test_scale, TestParams, 64) {
  SHARED_MEMORY(shared);
  float* values = reinterpret_cast<float*>(shared);
  int index = block_x() * block_size() + thread_x();
  values[thread_x()] = index < params.count ? params.input[index] : 0.0f;
  sync_block();
  if (index < params.count) {
    params.output[index] = params.factor * values[thread_x()];
  }
}

// Thread 3 never comes to the barrier.
KERNEL(test_divided, TestParams, 64) {
  if (thread_x() != 3) {
    sync_block();
  }
}
