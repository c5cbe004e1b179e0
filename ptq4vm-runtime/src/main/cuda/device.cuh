// Everything the kernels need of the machine, under names of our own: nvcc compiles it to
// instructions, g++ with PTQ4VM_EMULATION to functions (src/test/cuda/emulation.h), so that the same
// kernels run on any machine. Kernels use nothing of CUDA's besides these.
#pragma once
#include "params.cuh"

#include <cmath>
#ifdef PTQ4VM_EMULATION
#include "emulation.h"
#else
#include <cuda_fp16.h>

#define DEVICE __device__ __forceinline__

// Defines a kernel that takes one struct: KERNEL(name, Params, threads of a block) or, to bound its
// registers, KERNEL(name, Params, threads of a block, blocks a multiprocessor must have room for).
#define KERNEL(name, Params, ...) \
  extern "C" __global__ void __launch_bounds__(__VA_ARGS__) name(const __grid_constant__ Params params)

// Dynamic shared memory of the block, aligned to 16 bytes: the only shared memory there is.
#define SHARED_MEMORY(pointer)                                  \
  extern __shared__ __align__(16) unsigned char shared_memory[]; \
  unsigned char* pointer = shared_memory

DEVICE int thread_x() { return threadIdx.x; }
DEVICE int block_x() { return blockIdx.x; }
DEVICE int block_y() { return blockIdx.y; }
DEVICE int block_z() { return blockIdx.z; }
DEVICE int block_size() { return blockDim.x; }

// All threads of the block; all 32 threads of the warp.
DEVICE void sync_block() { __syncthreads(); }
DEVICE void sync_warp() { __syncwarp(); }

// Called by all 32 threads of a warp.
DEVICE float shuffle_xor(float value, int mask) { return __shfl_xor_sync(0xffffffffu, value, mask); }
DEVICE float shuffle(float value, int lane) { return __shfl_sync(0xffffffffu, value, lane); }

// IEEE single precision, one rounding each; nvcc is called with -fmad=false.
DEVICE float fma_rn(float a, float b, float c) { return __fmaf_rn(a, b, c); }
DEVICE float round_even(float a) { return rintf(a); }
DEVICE float divide(float a, float b) { return __fdiv_rn(a, b); }
DEVICE float square_root(float a) { return __fsqrt_rn(a); }
// 2^x to about 2 units in the last place, in one instruction.
DEVICE float exp2_fast(float a) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(a));
  return y;
}
// Logarithm to base 2 to about 2 units in the last place.
DEVICE float log2_fast(float a) {
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(a));
  return y;
}

// 1/x to one unit in the last place, in one instruction.
DEVICE float reciprocal_fast(float a) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(a));
  return y;
}

// Half precision as bits.
DEVICE float half_to_float(uint16_t bits) { return __half2float(__ushort_as_half(bits)); }
DEVICE uint16_t float_to_half(float value) { return __half_as_ushort(__float2half_rn(value)); }

struct alignas(16) Int4 {
  uint32_t x, y, z, w;
};
// 16 bytes at an address that is a multiple of 16.
DEVICE Int4 load16(const void* address) {
  uint4 v = *static_cast<const uint4*>(address);
  return {v.x, v.y, v.z, v.w};
}
// The same through the read-only path, for weights and tables.
DEVICE Int4 load16_constant(const void* address) {
  uint4 v = __ldg(static_cast<const uint4*>(address));
  return {v.x, v.y, v.z, v.w};
}
DEVICE void store16(void* address, Int4 v) {
  *static_cast<uint4*>(address) = make_uint4(v.x, v.y, v.z, v.w);
}
// Copies 16 bytes from global to shared memory without waiting; commit closes a group, wait<N> waits
// until at most N groups of this thread are under way.
DEVICE void copy16_async(void* shared, const void* global) {
  unsigned target = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(target), "l"(global) : "memory");
}
// The same for 4 bytes at addresses that are multiples of 4.
DEVICE void copy4_async(void* shared, const void* global) {
  unsigned target = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(target), "l"(global) : "memory");
}
DEVICE void copy_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N>
DEVICE void copy_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

// a (four unsigned bytes) times b (four signed bytes), added to c.
DEVICE int dot4_us(uint32_t a, uint32_t b, int c) {
  int d;
  asm("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}

// Four 8 x 16 byte matrices from shared memory: lane i gives the address of a row of 16 bytes,
// lanes 0-7 of the first matrix and so on.
DEVICE void load_matrix_x4(uint32_t (&r)[4], const void* shared) {
  unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}
// c[16][8] += a[16][32] * b[32][8], a unsigned bytes, b signed bytes, in PTX's fragment layout.
DEVICE void mma_u8s8(int (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
// c[16][8] += a[16][64] * b[64][8], a unsigned nibbles, b signed nibbles. Native on sm_80 to sm_89.
DEVICE void mma_u4s4(int (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k64.row.col.s32.u4.s4.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
// c[16][8] += a[16][16] * b[16][8] in half precision, sums in single precision.
DEVICE void mma_f16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#endif

#ifdef PTQ4VM_EMULATION
DEVICE float reciprocal_fast(float a) { return 1.0f / a; }
#endif

// The other one if one is not a number.
DEVICE float minimum(float a, float b) { return fminf(a, b); }
DEVICE float maximum(float a, float b) { return fmaxf(a, b); }

DEVICE uint32_t float_bits(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}
DEVICE float bits_float(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}
