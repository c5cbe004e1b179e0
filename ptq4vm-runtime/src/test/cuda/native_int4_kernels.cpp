// The linear kernels of 4 bit weights as they are compiled for GPUs that multiply 4 bit codes by 4 bit
// codes.
#define PTQ4VM_NATIVE_INT4
#include "../../main/cuda/linear.cuh"

KERNEL(native_linear_w4_m16, LinearParams, 256) {
  SHARED_MEMORY(shared);
  linear<NIBBLES, 1>(params, shared);
}

KERNEL(native_linear_w4_m64, LinearParams, 256) {
  SHARED_MEMORY(shared);
  linear<NIBBLES, 2>(params, shared);
}
