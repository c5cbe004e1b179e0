// Tests of the emulation itself, as a program: products against sums written out, copies, the order
// of threads, and that what must be reported is. Prints a line a failure; exit status 1 if any.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "../../main/cuda/device.cuh"
#include "emulated_launch.h"

namespace {

int failures = 0;

void expect(bool holds, const char* what, const std::string& found = "") {
  if (!holds) {
    std::printf("Expected: %s. %s\n", what, found.c_str());
    failures++;
  }
}

uint32_t state = 12345;
uint32_t any() { return state = state * 1664525u + 1013904223u; }

std::string run(const char* name, unsigned blocks, unsigned threads, size_t shared, const void* params) {
  const unsigned grid[3] = {blocks, 1, 1};
  return emulation::launch(*emulation::find(name), grid, threads, shared, params);
}

struct MmaParams {
  const uint32_t* a;  // [lanes][4]
  const uint32_t* b;  // [lanes][2]
  int* sums;          // [lanes][4]
  float* products;
};

}  // namespace

KERNEL(test_mma_u8s8, MmaParams, 32) {
  int lane = thread_x();
  uint32_t a[4];
  int c[4];
  for (int i = 0; i < 4; i++) {
    a[i] = params.a[4 * lane + i];
    c[i] = i;
  }
  mma_u8s8(c, a, params.b[2 * lane], params.b[2 * lane + 1]);
  for (int i = 0; i < 4; i++) {
    params.sums[4 * lane + i] = c[i];
  }
}

KERNEL(test_mma_u4s4, MmaParams, 32) {
  int lane = thread_x();
  uint32_t a[4];
  int c[4];
  for (int i = 0; i < 4; i++) {
    a[i] = params.a[4 * lane + i];
    c[i] = i;
  }
  mma_u4s4(c, a, params.b[2 * lane], params.b[2 * lane + 1]);
  for (int i = 0; i < 4; i++) {
    params.sums[4 * lane + i] = c[i];
  }
}

KERNEL(test_mma_f16, MmaParams, 32) {
  int lane = thread_x();
  uint32_t a[4];
  float c[4];
  for (int i = 0; i < 4; i++) {
    a[i] = params.a[4 * lane + i];
    c[i] = static_cast<float>(i);
  }
  mma_f16(c, a, params.b[2 * lane], params.b[2 * lane + 1]);
  for (int i = 0; i < 4; i++) {
    params.products[4 * lane + i] = c[i];
  }
}

// Code j (0 to 31) of a lane's share of `a`, and weight j (0 to 15) of its share of `b`, both of 8
// bits, by the formulas of PTX ISA, "Matrix Fragments for mma.m16n8k32".
static void check_mma_u8s8() {
  std::vector<uint32_t> a(128), b(64);
  for (auto& word : a) word = any();
  for (auto& word : b) word = any();
  int dense_a[16][32], dense_b[32][8];
  for (int lane = 0; lane < 32; lane++) {
    int group = lane >> 2, in_group = lane % 4;
    for (int i = 0; i < 16; i++) {
      int row = i < 4 || (i >= 8 && i < 12) ? group : group + 8;
      int column = in_group * 4 + (i & 3) + (i < 8 ? 0 : 16);
      dense_a[row][column] = a[4 * lane + i / 4] >> (i % 4 * 8) & 255u;
    }
    for (int i = 0; i < 8; i++) {
      int row = in_group * 4 + (i & 3) + (i < 4 ? 0 : 16);
      dense_b[row][group] = static_cast<int8_t>(b[2 * lane + i / 4] >> (i % 4 * 8) & 255u);
    }
  }
  std::vector<int> sums(128);
  MmaParams params{a.data(), b.data(), sums.data(), nullptr};
  expect(run("test_mma_u8s8", 1, 32, 0, &params).empty(), "mma_u8s8 runs");
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      int row = (lane >> 2) + (i < 2 ? 0 : 8), column = lane % 4 * 2 + (i & 1), sum = i;
      for (int k = 0; k < 32; k++) sum += dense_a[row][k] * dense_b[k][column];
      expect(sums[4 * lane + i] == sum, "sum of mma_u8s8");
    }
  }
}

static void check_mma_u4s4() {
  std::vector<uint32_t> a(128), b(64);
  for (auto& word : a) word = any();
  for (auto& word : b) word = any();
  int dense_a[16][64], dense_b[64][8];
  for (int lane = 0; lane < 32; lane++) {
    int group = lane >> 2, in_group = lane % 4;
    for (int i = 0; i < 32; i++) {
      int row = i < 8 || (i >= 16 && i < 24) ? group : group + 8;
      int column = in_group * 8 + (i & 7) + (i < 16 ? 0 : 32);
      dense_a[row][column] = a[4 * lane + i / 8] >> (i % 8 * 4) & 15u;
    }
    for (int i = 0; i < 16; i++) {
      int row = in_group * 8 + (i & 7) + (i < 8 ? 0 : 32);
      int code = b[2 * lane + i / 8] >> (i % 8 * 4) & 15u;
      dense_b[row][group] = code < 8 ? code : code - 16;
    }
  }
  std::vector<int> sums(128);
  MmaParams params{a.data(), b.data(), sums.data(), nullptr};
  expect(run("test_mma_u4s4", 1, 32, 0, &params).empty(), "mma_u4s4 runs");
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      int row = (lane >> 2) + (i < 2 ? 0 : 8), column = lane % 4 * 2 + (i & 1), sum = i;
      for (int k = 0; k < 64; k++) sum += dense_a[row][k] * dense_b[k][column];
      expect(sums[4 * lane + i] == sum, "sum of mma_u4s4");
    }
  }
}

static void check_mma_f16() {
  std::vector<uint32_t> a(128), b(64);
  float dense_a[16][16], dense_b[16][8];
  for (int lane = 0; lane < 32; lane++) {
    int group = lane >> 2, in_group = lane % 4;
    for (int i = 0; i < 8; i++) {
      int row = i < 2 || (i >= 4 && i < 6) ? group : group + 8;
      int column = in_group * 2 + (i & 1) + (i < 4 ? 0 : 8);
      float value = static_cast<float>(any() >> 24) / 16.0f - 8.0f;
      dense_a[row][column] = value;
      a[4 * lane + i / 2] |= static_cast<uint32_t>(float_to_half(value)) << (i % 2 * 16);
    }
    for (int i = 0; i < 4; i++) {
      int row = in_group * 2 + (i & 1) + (i < 2 ? 0 : 8);
      float value = static_cast<float>(any() >> 24) / 16.0f - 8.0f;
      dense_b[row][group] = value;
      b[2 * lane + i / 2] |= static_cast<uint32_t>(float_to_half(value)) << (i % 2 * 16);
    }
  }
  std::vector<float> products(128);
  MmaParams params{a.data(), b.data(), nullptr, products.data()};
  expect(run("test_mma_f16", 1, 32, 0, &params).empty(), "mma_f16 runs");
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      int row = (lane >> 2) + (i < 2 ? 0 : 8), column = lane % 4 * 2 + (i & 1);
      float sum = static_cast<float>(i);
      for (int k = 0; k < 16; k++) sum += dense_a[row][k] * dense_b[k][column];
      expect(products[4 * lane + i] == sum, "sum of mma_f16");
    }
  }
}

struct ArrayParams {
  const unsigned char* input;
  uint32_t* output;
};

// Lane 8m + r gives row r of matrix m, here byte row 16 * (8m + r) of the input.
KERNEL(test_load_matrix, ArrayParams, 32) {
  SHARED_MEMORY(shared);
  int lane = thread_x();
  copy16_async(shared + 16 * lane, params.input + 16 * lane);
  copy_commit();
  copy_wait<0>();
  sync_warp();
  uint32_t r[4];
  load_matrix_x4(r, shared + 16 * lane);
  for (int i = 0; i < 4; i++) {
    params.output[4 * lane + i] = r[i];
  }
}

static void check_load_matrix() {
  alignas(16) unsigned char input[512];
  for (auto& byte : input) byte = static_cast<unsigned char>(any() >> 24);
  uint32_t output[128];
  ArrayParams params{input, output};
  expect(run("test_load_matrix", 1, 32, 512, &params).empty(), "load_matrix_x4 runs");
  for (int lane = 0; lane < 32; lane++) {
    for (int m = 0; m < 4; m++) {
      for (int i = 0; i < 4; i++) {
        int expected = input[16 * (8 * m + lane / 4) + 4 * (lane % 4) + i];
        expect(static_cast<int>(output[4 * lane + m] >> (8 * i) & 255u) == expected, "byte of a matrix");
      }
    }
  }
}

// A sum over the block, correct only with its barriers.
KERNEL(test_sum, ArrayParams, 128) {
  SHARED_MEMORY(shared);
  float* sums = reinterpret_cast<float*>(shared);
  float sum = static_cast<float>(thread_x());
  for (int mask = 16; mask > 0; mask /= 2) {
    sum += shuffle_xor(sum, mask);
  }
  if (thread_x() % 32 == 0) {
    sums[thread_x() / 32] = sum;
  }
  sync_block();
  float all = 0.0f;
  for (int i = 0; i < block_size() / 32; i++) {
    all += sums[i];
  }
  params.output[block_x() * block_size() + thread_x()] = static_cast<uint32_t>(all);
}

KERNEL(test_missing_barrier, ArrayParams, 128) {
  SHARED_MEMORY(shared);
  shared[thread_x()] = 1;
  params.output[thread_x()] = shared[(thread_x() + 1) % block_size()];
}

KERNEL(test_missing_wait, ArrayParams, 32) {
  SHARED_MEMORY(shared);
  copy16_async(shared + 16 * thread_x(), params.input + 16 * thread_x());
  copy_commit();
  copy_wait<1>();
  params.output[thread_x()] = shared[16 * thread_x()];
}

KERNEL(test_divided_barrier, ArrayParams, 64) {
  if (thread_x() != 40) {
    sync_block();
  }
}

KERNEL(test_missing_lane, ArrayParams, 64) {
  if (thread_x() != 40) {
    sync_warp();
  }
}

KERNEL(test_two_places, ArrayParams, 32) {
  if (thread_x() < 16) {
    shuffle(1.0f, 0);
  } else {
    shuffle(2.0f, 0);
  }
}

KERNEL(test_misaligned, ArrayParams, 32) { load16(params.input + 4); }

static void check_threads() {
  uint32_t output[256];
  alignas(16) unsigned char input[512];
  ArrayParams params{input, output};
  expect(run("test_sum", 2, 128, 16, &params).empty(), "a sum of the block runs");
  for (uint32_t sum : output) {
    expect(sum == 127 * 64, "sum of the block", std::to_string(sum));
  }
  run("test_missing_barrier", 1, 128, 128, &params);
  int wrong = 0;
  for (int i = 0; i < 128; i++) wrong += output[i] != 1;
  expect(wrong > 10, "a missing barrier shows", std::to_string(wrong));
  std::memset(input, 7, sizeof input);
  run("test_missing_wait", 1, 32, 512, &params);
  wrong = 0;
  for (int i = 0; i < 32; i++) wrong += output[i] != 7;
  expect(wrong > 10, "a missing wait shows", std::to_string(wrong));

  std::string said = run("test_divided_barrier", 2, 64, 0, &params);
  expect(said.find("Kernel test_divided_barrier, block (") == 0 &&
             said.find("for all threads of the block, but thread 40 has ended.") != std::string::npos,
         "a divided barrier is reported", said);
  said = run("test_missing_lane", 1, 64, 0, &params);
  expect(said.find("waits in sync_warp at emulation_test.cpp:") != std::string::npos &&
             said.find("for all 32 threads of its warp, but thread 40 has ended.") != std::string::npos,
         "a missing lane is reported", said);
  said = run("test_two_places", 1, 32, 0, &params);
  expect(said.find("meets its warp in shuffle at emulation_test.cpp:") != std::string::npos,
         "a warp that meets in two places is reported", said);
  said = run("test_misaligned", 1, 32, 0, &params);
  expect(said.find("which is not a multiple of 16") != std::string::npos, "alignment is checked", said);
  expect(run("test_sum", 2, 128, 16, &params).empty(), "a launch after a failure runs");
}

#if defined(__FLT16_MAX__)
// The compiler's own half precision is the oracle.
static void check_halves() {
  for (uint32_t i = 0; i < 65536; i++) {
    uint16_t bits = static_cast<uint16_t>(i);
    _Float16 half;
    std::memcpy(&half, &bits, 2);
    float expected = static_cast<float>(half), found = half_to_float(bits);
    expect(std::memcmp(&expected, &found, 4) == 0 || (expected != expected && found != found),
           "half to float", std::to_string(i));
  }
  for (uint32_t i = 0; i < 4000000; i++) {
    uint32_t bits = i < 2000000 ? any() : 0x33000000u - 1000 + (i - 2000000) * 157;
    float value;
    std::memcpy(&value, &bits, 4);
    _Float16 half = static_cast<_Float16>(value);
    uint16_t expected;
    std::memcpy(&expected, &half, 2);
    expect(float_to_half(value) == (value == value ? expected : 0x7fff), "float to half",
           std::to_string(bits));
  }
}
#else
static void check_halves() {}
#endif

int main() {
  check_mma_u8s8();
  check_mma_u4s4();
  check_mma_f16();
  check_load_matrix();
  check_threads();
  check_halves();
  std::printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
