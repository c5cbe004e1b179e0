// Quantized linears, by the bits of their weights and the rows a block can have.
#include "linear.cuh"

KERNEL(linear_w8_m16, LinearParams, 256) {
  SHARED_MEMORY(shared);
  linear<BYTES, 1>(params, shared);
}

KERNEL(linear_w8_m64, LinearParams, 256) {
  SHARED_MEMORY(shared);
  linear<BYTES, 2>(params, shared);
}

KERNEL(linear_w4_m16, LinearParams, 256) {
  SHARED_MEMORY(shared);
  linear<NIBBLES, 1>(params, shared);
}

KERNEL(linear_w4_m64, LinearParams, 256) {
  SHARED_MEMORY(shared);
  linear<NIBBLES, 2>(params, shared);
}
