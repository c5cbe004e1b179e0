// What device.cuh is on a processor: the same names, as functions of g++. Threads of a block are
// fibers that change places, in an order drawn by chance, wherever they meet (barriers, shuffles,
// products of a warp); nothing runs in lockstep. What a real GPU would leave undefined is made to
// show: shared memory starts as garbage and has exactly the size asked for, asynchronous copies
// arrive only when waited for, addresses are checked for alignment, and threads that do not meet
// are reported with kernel, block, thread and line. How it runs: emulation.cpp.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#define DEVICE inline __attribute__((always_inline))

// A kernel is a function of one struct, known by its name to the emulated driver.
#define KERNEL(name, Params, ...)                                                             \
  static void name(const Params& params);                                                     \
  static const bool name##_is_known = emulation::know(                                        \
      #name, sizeof(Params), emulation::block_threads(__VA_ARGS__),                       \
      [](const void* params) { name(*static_cast<const Params*>(params)); });                 \
  static void name([[maybe_unused]] const Params& params)

#define SHARED_MEMORY(pointer) unsigned char* pointer = emulation::block.shared

// Where in a kernel threads meet: the last arguments of every function that lets them.
#define EMULATION_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()

namespace emulation {

constexpr int WARP = 32;

// The block that runs. One block runs at a time in a process.
struct Block {
  int thread;
  int size;
  int index[3];
  unsigned char* shared;
  std::size_t shared_size;
};
extern __attribute__((visibility("hidden"))) Block block;

// Registers a kernel; true.
bool know(const char* name, std::size_t params_size, int threads, void (*kernel)(const void* params));

// Of the arguments of KERNEL.
constexpr int block_threads(int threads, int = 0) { return threads; }

// All threads of the block meet here.
void meet_block(const char* file, int line);

// All 32 threads of the warp meet here; the last one calls `perform` with what each brought along.
void meet_warp(const char* what, void (*perform)(void* const* lanes), void* operands, const char* file,
               int line);

// Ends the launch with a sentence about the thread that runs.
[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

// Asynchronous copies of the thread that runs.
void copy_start(void* shared, const void* global, int bytes);
void copy_close();
void copy_deliver(int groups_left);

struct Shuffle {
  float value;
  int lane;
  float result;
};
void perform_nothing(void* const* lanes);
void perform_shuffle(void* const* lanes);

struct LoadMatrix {
  uint32_t* r;
  const unsigned char* row;
};
void perform_load_matrix_x4(void* const* lanes);

template <typename Sum>
struct Mma {
  Sum* c;
  const uint32_t* a;
  uint32_t b[2];
};
void perform_mma_u8s8(void* const* lanes);
void perform_mma_u4s4(void* const* lanes);
void perform_mma_f16(void* const* lanes);

inline void check_aligned(const void* address, const char* what, int bytes = 16) {
  if (__builtin_expect(reinterpret_cast<uintptr_t>(address) % static_cast<unsigned>(bytes) != 0, 0)) {
    fail("%s at %p, which is not a multiple of %d", what, address, bytes);
  }
}

inline float bits_to_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
inline uint32_t float_to_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

inline float half_to_float(uint16_t half) {
  uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  uint32_t magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) {  // infinity, not a number
    return bits_to_float(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  }
  if (magnitude < 0x400u) {  // zero, subnormal: units of 2^-24
    float value = static_cast<float>(magnitude) * 0x1p-24f;
    return bits_to_float(sign | float_to_bits(value));
  }
  return bits_to_float(sign | ((magnitude << 13) + ((127 - 15) << 23)));
}

// Rounds to nearest, ties to even.
inline uint16_t float_to_half(float value) {
  uint32_t bits = float_to_bits(value);
  uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    return 0x7fff;  // what the instruction gives for everything that is not a number
  }
  if (magnitude >= 0x477ff000u) {  // 65520 and more
    return sign | 0x7c00u;
  }
  if (magnitude < 0x38800000u) {  // below 2^-14: the sum's unit is 2^-24, so adding rounds
    float sum = bits_to_float(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (float_to_bits(sum) - 0x3f000000u));
  }
  uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return static_cast<uint16_t>(sign | ((rounded >> 13) - ((127 - 15) << 10)));
}

}  // namespace emulation

DEVICE int thread_x() { return emulation::block.thread; }
DEVICE int block_x() { return emulation::block.index[0]; }
DEVICE int block_y() { return emulation::block.index[1]; }
DEVICE int block_z() { return emulation::block.index[2]; }
DEVICE int block_size() { return emulation::block.size; }

DEVICE void sync_block(EMULATION_SITE) { emulation::meet_block(file, line); }
DEVICE void sync_warp(EMULATION_SITE) {
  emulation::meet_warp("sync_warp", emulation::perform_nothing, nullptr, file, line);
}

DEVICE float shuffle(float value, int lane, EMULATION_SITE) {
  emulation::Shuffle operands{value, lane & 31, 0.0f};
  emulation::meet_warp("shuffle", emulation::perform_shuffle, &operands, file, line);
  return operands.result;
}
DEVICE float shuffle_xor(float value, int mask, EMULATION_SITE) {
  return shuffle(value, (thread_x() & 31) ^ mask, file, line);
}

DEVICE float fma_rn(float a, float b, float c) { return std::fmaf(a, b, c); }
DEVICE float round_even(float a) { return std::rintf(a); }
DEVICE float divide(float a, float b) { return a / b; }
DEVICE float square_root(float a) { return std::sqrt(a); }
DEVICE float exp2_fast(float a) {
  float y = std::exp2(a);
  return y < 0x1p-126f ? 0.0f : y;
}
DEVICE float log2_fast(float a) {
  return std::fabs(a) < 0x1p-126f ? -INFINITY : std::log2(a);
}

DEVICE float half_to_float(uint16_t bits) { return emulation::half_to_float(bits); }
DEVICE uint16_t float_to_half(float value) { return emulation::float_to_half(value); }

struct alignas(16) Int4 {
  uint32_t x, y, z, w;
};
DEVICE Int4 load16(const void* address) {
  emulation::check_aligned(address, "reads 16 bytes");
  Int4 v;
  std::memcpy(&v, address, 16);
  return v;
}
DEVICE Int4 load16_constant(const void* address) { return load16(address); }
DEVICE void store16(void* address, Int4 v) {
  emulation::check_aligned(address, "writes 16 bytes");
  std::memcpy(address, &v, 16);
}
DEVICE void copy16_async(void* shared, const void* global) {
  emulation::copy_start(shared, global, 16);
}
DEVICE void copy4_async(void* shared, const void* global) {
  emulation::copy_start(shared, global, 4);
}
DEVICE void copy_commit() { emulation::copy_close(); }
template <int N>
DEVICE void copy_wait() {
  emulation::copy_deliver(N);
}

DEVICE int dot4_us(uint32_t a, uint32_t b, int c) {
  uint32_t sum = static_cast<uint32_t>(c);
  for (int i = 0; i < 32; i += 8) {
    sum += static_cast<uint32_t>(static_cast<int>(a >> i & 0xffu) * static_cast<int8_t>(b >> i & 0xffu));
  }
  return static_cast<int>(sum);
}

DEVICE void load_matrix_x4(uint32_t (&r)[4], const void* shared, EMULATION_SITE) {
  emulation::check_aligned(shared, "gives a row of a matrix");
  emulation::LoadMatrix operands{r, static_cast<const unsigned char*>(shared)};
  emulation::meet_warp("load_matrix_x4", emulation::perform_load_matrix_x4, &operands, file, line);
}
DEVICE void mma_u8s8(int (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, EMULATION_SITE) {
  emulation::Mma<int> operands{c, a, {b0, b1}};
  emulation::meet_warp("mma_u8s8", emulation::perform_mma_u8s8, &operands, file, line);
}
DEVICE void mma_u4s4(int (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, EMULATION_SITE) {
  emulation::Mma<int> operands{c, a, {b0, b1}};
  emulation::meet_warp("mma_u4s4", emulation::perform_mma_u4s4, &operands, file, line);
}
DEVICE void mma_f16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, EMULATION_SITE) {
  emulation::Mma<float> operands{c, a, {b0, b1}};
  emulation::meet_warp("mma_f16", emulation::perform_mma_f16, &operands, file, line);
}
