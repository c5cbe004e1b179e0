// Quantized linears: rows become codes in shared memory, tensor cores multiply them by weights that
// come from global memory in the order they want them, sums become values in registers. The design
// is docs/gpu.md.
#pragma once
#include "quantize.cuh"

// Machine code for sm_80 to sm_89 (build.sh) multiplies 4 bits by 4 bits. PTX does not: a newer GPU would
// take it apart into far more instructions.
#if defined(PTQ4VM_MACHINE_CODE) && defined(__CUDA_ARCH__)
#if __CUDA_ARCH__ < 900
#define PTQ4VM_NATIVE_INT4
#endif
#endif

namespace {

// How weights lie and how they are multiplied.
enum WeightMode {
  BYTES,           // 8 bits
  NIBBLES,         // 4 bits, as bytes times 16
  NATIVE_NIBBLES,  // 4 bits by 4 bits
};

// What a row needs in the epilogue.
struct alignas(16) RowMeta {
  float step;
  int zero;
  int image;
  int token;
};

// Bytes from one row of codes to the next: an odd number of times 16, so that the eight rows that
// are read at once lie in different banks.
DEVICE int codes_pitch(int padded_in, bool packed) {
  return (packed ? (padded_in + 63) / 64 * 32 : padded_in) + 16;
}

// The block's shared memory; sizes are those of LinearGeometry.
struct Tile {
  unsigned char* codes;  // [rows][pitch]
  RowMeta* meta;         // [rows]
  float* exchange;       // [2 * WARPS]
  float* scratch;        // a row for each warp, or one
  int pitch;
  int rows;
  int first;  // row of the grid that is row 0 here
  int count;  // rows that there are
};

DEVICE Tile tile(const LinearParams& params, const LinearProblem& problem, bool packed,
                 unsigned char* shared) {
  Tile tile;
  tile.rows = params.rows;
  tile.pitch = codes_pitch(problem.padded_in, packed);
  tile.codes = shared;
  tile.meta = reinterpret_cast<RowMeta*>(shared + tile.rows * codes_pitch(problem.padded_in, false));
  tile.exchange = reinterpret_cast<float*>(tile.meta + tile.rows);
  tile.scratch = tile.exchange + 2 * WARPS;
  tile.first = block_x() * tile.rows;
  const int left = params.images * problem.source.tokens - tile.first;
  tile.count = left < tile.rows ? left : tile.rows;
  return tile;
}

template <typename Team>
DEVICE void fill_row(const LinearProblem& problem, const Tile& tile, int row, bool packed,
                     const Team& team, float* scratch) {
  const RowAt at = row_at(tile.first + row, problem.source.tokens);
  unsigned char* codes = tile.codes + row * tile.pitch;
  RowScale scale;
  if (problem.source.input[0].type == CODES) {
    scale = copy_codes(problem.source, problem.quantizer, at, packed, team, codes);
  } else {
    scale =
        quantize_row(problem.source, problem.quantizer, at, packed, team, scratch, codes);
  }
  if (team.rank == 0) {
    tile.meta[row] = {scale.step, scale.zero, at.image, at.token};
  }
}

DEVICE void fill(const LinearProblem& problem, const Tile& tile, bool packed) {
  if (problem.in > LONGEST_WARP_ROW) {
    for (int row = 0; row < tile.count; row++) {
      fill_row(problem, tile, row, packed, BlockTeam{thread_x(), tile.exchange}, tile.scratch);
    }
  } else {
    const int warp = thread_x() / 32;
    float* scratch = tile.scratch + warp * padded(problem.padded_in);
    for (int row = warp; row < tile.count; row += WARPS) {
      fill_row(problem, tile, row, packed, WarpTeam{thread_x() % 32}, scratch);
    }
  }
}

// Weights of 32 columns and one step of channels: 32 of them, or 64 if products are native.
template <WeightMode MODE>
struct Weights {
  static constexpr int LOADS = MODE == NIBBLES ? 1 : 2;
  Int4 words[LOADS];
};

template <WeightMode MODE>
DEVICE int steps(int blocks) {
  return MODE == NATIVE_NIBBLES ? (blocks + 1) / 2 : blocks;
}

// `lane` is where the lane's first 16 bytes of the group are.
template <WeightMode MODE>
DEVICE void load_weights(const unsigned char* lane, int step, int blocks, Weights<MODE>& weights) {
  if (MODE == BYTES) {
    weights.words[0] = load16_constant(lane + step * 1024);
    weights.words[Weights<MODE>::LOADS - 1] = load16_constant(lane + step * 1024 + 512);
  } else if (MODE == NIBBLES) {
    weights.words[0] = load16_constant(lane + step * 512);
  } else {
    weights.words[0] = load16_constant(lane + step * 1024);
    weights.words[Weights<MODE>::LOADS - 1] = {0, 0, 0, 0};
    if (2 * step + 1 < blocks) {
      weights.words[Weights<MODE>::LOADS - 1] = load16_constant(lane + step * 1024 + 512);
    }
  }
}

// The two operands of each of the four tiles of eight columns.
template <WeightMode MODE>
DEVICE void operands(const Weights<MODE>& weights, uint32_t (&b0)[4], uint32_t (&b1)[4]) {
  const Int4 first = weights.words[0];
  const Int4 last = weights.words[Weights<MODE>::LOADS - 1];
  if (MODE == BYTES) {
    b0[0] = first.x;
    b1[0] = first.y;
    b0[1] = first.z;
    b1[1] = first.w;
    b0[2] = last.x;
    b1[2] = last.y;
    b0[3] = last.z;
    b1[3] = last.w;
  } else {
    const uint32_t low[4] = {first.x, first.y, first.z, first.w};
    const uint32_t high[4] = {last.x, last.y, last.z, last.w};
#pragma unroll
    for (int j = 0; j < 4; j++) {
      b0[j] = MODE == NIBBLES ? low[j] << 4 & 0xf0f0f0f0u : low[j];
      b1[j] = MODE == NIBBLES ? low[j] & 0xf0f0f0f0u : high[j];
    }
  }
}

// Sums of one group of 32 columns: for each 16 rows and tile of eight columns, what a lane holds.
template <int TILES>
struct Sums {
  int c[TILES][4][4];
};

template <WeightMode MODE, int TILES>
DEVICE void multiply(const unsigned char* row, int pitch, int tiles, const Weights<MODE>& weights,
                     Sums<TILES>& sums) {
  uint32_t b0[4];
  uint32_t b1[4];
  operands(weights, b0, b1);
#pragma unroll
  for (int m = 0; m < TILES; m++) {
    if (m < tiles) {
      uint32_t a[4];
      load_matrix_x4(a, row + m * 16 * pitch);
#pragma unroll
      for (int j = 0; j < 4; j++) {
        if (MODE == NATIVE_NIBBLES) {
          mma_u4s4(sums.c[m][j], a, b0[j], b1[j]);
        } else {
          mma_u8s8(sums.c[m][j], a, b0[j], b1[j]);
        }
      }
    }
  }
}

// Sums of a group over all channels, of up to 16 * TILES rows from first_row on. Weights of a few
// steps are on the way at any time.
template <WeightMode MODE, int TILES>
DEVICE void accumulate(const LinearProblem& problem, const Tile& tile, int first_row, int group,
                       Sums<TILES>& sums) {
  constexpr int AHEAD = TILES == 1 ? 4 : 2;
  const int lane = thread_x() % 32;
  const int blocks = problem.padded_in / 32;
  const int count = steps<MODE>(blocks);
  const int64_t group_bytes = static_cast<int64_t>(blocks) * (MODE == BYTES ? 1024 : 512);
  const unsigned char* weight =
      static_cast<const unsigned char*>(problem.weight) + group * group_bytes + lane * 16;
  // Lanes give rows 0-7, 8-15, and both again 16 bytes on; rows that are not there are not used.
  const int row = lane % 16 < tile.rows ? lane % 16 : tile.rows - 1;
  const unsigned char* codes = tile.codes + (first_row + row) * tile.pitch + lane / 16 * 16;
  const int tiles = TILES == 1 ? 1 : (tile.rows - first_row) / 16;

#pragma unroll
  for (int m = 0; m < TILES; m++) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        sums.c[m][j][i] = 0;
      }
    }
  }
  Weights<MODE> ahead[AHEAD];
#pragma unroll
  for (int i = 0; i < AHEAD; i++) {
    if (i < count) {
      load_weights<MODE>(weight, i, blocks, ahead[i]);
    }
  }
  for (int first = 0; first < count; first += AHEAD) {
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      const int step = first + i;
      if (step < count) {
        multiply<MODE, TILES>(codes + step * 32, tile.pitch, tiles, ahead[i], sums);
        if (step + AHEAD < count) {
          load_weights<MODE>(weight, step + AHEAD, blocks, ahead[i]);
        }
      }
    }
  }
}

DEVICE void load_ints(const int* from, int (&x)[8]) {
  const Int4 low = load16_constant(from);
  const Int4 high = load16_constant(from + 4);
  const uint32_t words[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
  for (int i = 0; i < 8; i++) {
    x[i] = static_cast<int>(words[i]);
  }
}

// Eight values of a row, quantized for the next linear.
DEVICE void store_codes(const LinearProblem& problem, const RowMeta& meta, int column,
                        float (&y)[CHUNK]) {
  float factors[CHUNK];
  load_parameters(problem.next.smoothing, column, problem.out, factors);
#pragma unroll
  for (int i = 0; i < CHUNK; i++) {
    y[i] *= factors[i];
  }
  const Coder of = coder(static_scale(problem.next, meta.token), problem.next.limit);
  const uint64_t codes = code_chunk(of, y);
  unsigned char* to =
      static_cast<unsigned char*>(row_address(problem.output, meta.image, meta.token)) + column;
  if (column + CHUNK <= problem.out && (reinterpret_cast<uintptr_t>(to) & 7) == 0) {
    *reinterpret_cast<uint64_t*>(to) = codes;
  } else {
#pragma unroll
    for (int i = 0; i < CHUNK; i++) {
      if (column + i < problem.out) {
        to[i] = static_cast<unsigned char>(codes >> (8 * i));
      }
    }
  }
}

// From sums to memory. A lane holds eight neighbouring columns of two rows in each 16.
template <WeightMode MODE, int TILES>
DEVICE void finish(const LinearProblem& problem, const Tile& tile, int first_row, int group,
                   const Sums<TILES>& sums) {
  const int lane = thread_x() % 32;
  const int column = group * 32 + lane % 4 * 8;
  if (column >= problem.out) {
    return;
  }
  float weight_step[8];
  int row_sum[8];
  float bias[8];
  unpack_floats(load16_constant(problem.weight_step + column),
                load16_constant(problem.weight_step + column + 4), weight_step);
  load_ints(problem.row_sum + column, row_sum);
  if (problem.bias != nullptr) {
    unpack_floats(load16_constant(problem.bias + column),
                  load16_constant(problem.bias + column + 4), bias);
  }
#pragma unroll
  for (int m = 0; m < TILES; m++) {
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const int row = first_row + m * 16 + h * 8 + lane / 4;
      if (row < tile.count) {
        const RowMeta meta = tile.meta[row];
        float y[8];
#pragma unroll
        for (int i = 0; i < 8; i++) {
          const int sum = sums.c[m][i / 2][h * 2 + i % 2] >> (MODE == NIBBLES ? 4 : 0);
          const float d = static_cast<float>(sum - meta.zero * row_sum[i]);
          const float a = meta.step * weight_step[i];
          y[i] = problem.bias == nullptr ? d * a : fma_rn(d, a, bias[i]);
        }
        activate_chunk(problem.activation, y);
        if (problem.residual.data != nullptr) {
          float x[8];
          load_chunk(problem.residual.type, row_address(problem.residual, meta.image, meta.token),
                     column, problem.out, x);
#pragma unroll
          for (int i = 0; i < 8; i++) {
            y[i] = x[i] + y[i];
          }
        }
        if (problem.output.type == CODES) {
          store_codes(problem, meta, column, y);
        } else {
          store_chunk(problem.output.type, row_address(problem.output, meta.image, meta.token),
                      column, problem.out, y);
        }
      }
    }
  }
}

// Warps take the groups of the block's range of columns in turn. In larger tiles each warp has 32 of
// the rows: two warps that read the same weights at the same time cost one trip to memory, and sums
// of 64 rows would leave a warp no registers.
template <WeightMode MODE, int TILES>
DEVICE void multiply_all(const LinearProblem& problem, const Tile& tile) {
  const int parts = (tile.rows + 16 * TILES - 1) / (16 * TILES);
  const int warp = thread_x() / 32;
  const int first_row = warp % parts * (16 * TILES);
  const int from = block_y() * (problem.columns / 32);
  const int end = from + problem.columns / 32;
  const int to = end * 32 < problem.padded_out ? end : problem.padded_out / 32;
  for (int group = from + warp / parts; group < to; group += WARPS / parts) {
    Sums<TILES> sums;
    accumulate<MODE, TILES>(problem, tile, first_row, group, sums);
    finish<MODE, TILES>(problem, tile, first_row, group, sums);
  }
}

template <WeightMode MODE, int TILES>
DEVICE void linear(const LinearParams& params, unsigned char* shared) {
  const LinearProblem& problem = params.problem[block_z()];
#ifdef PTQ4VM_NATIVE_INT4
  const bool packed = MODE == NIBBLES && problem.quantizer.limit <= 15;
#else
  const bool packed = false;
#endif
  const Tile block = tile(params, problem, packed, shared);
  fill(problem, block, packed);
  sync_block();
#ifdef PTQ4VM_NATIVE_INT4
  if (packed) {
    multiply_all<NATIVE_NIBBLES, TILES>(problem, block);
    return;
  }
#endif
  multiply_all<MODE, TILES>(problem, block);
}

}  // namespace
