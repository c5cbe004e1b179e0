// Convolutions and linears in floating point as products of matrices (docs/gpu.md, "dense"): a row
// is an output token, its channels k are the pixels under the kernel, gathered on the way to shared
// memory. Blocks count columns first, then rows.
#include "math.cuh"
#include "vector.cuh"

namespace dense {

constexpr int THREADS = 256;

// Where a run of channels k of an output token starts: k counts kernel row, kernel column, channel.
struct Place {
  int y;  // kernel row
  int x;  // kernel column
  int c;

  DEVICE void forward(const DenseParams& params, int channels) {
    c += channels;
    while (c >= params.in_channels) {
      c -= params.in_channels;
      if (++x == params.kernel) {
        x = 0;
        y++;
      }
    }
  }
};

// An output token: its image, and the pixel under the kernel's first place, which may lie outside.
struct Token {
  int image;
  int top;
  int left;
  bool there;
};

DEVICE Token token_of(const DenseParams& params, int row) {
  int area = params.out_height * params.out_width;
  Token token;
  token.image = row / area;
  token.there = token.image < params.images;
  int place = row - token.image * area;
  int out_row = place / params.out_width;
  token.top = out_row * params.stride - params.padding;
  token.left = (place - out_row * params.out_width) * params.stride - params.padding;
  return token;
}

DEVICE bool is_inside(const DenseParams& params, const Token& token, const Place& place) {
  int row = token.top + place.y;
  int column = token.left + place.x;
  return token.there && place.y < params.kernel && row >= 0 && row < params.height && column >= 0 &&
         column < params.width;
}

// Element of the pixel under a place of the kernel.
DEVICE size_t element_at(const DenseParams& params, const Token& token, const Place& place) {
  int pixel = (token.top + place.y) * params.width + token.left + place.x;
  return row_start(params.input, token.image, pixel) + place.c;
}

DEVICE float gather(const DenseParams& params, const Token& token, const Place& place) {
  return is_inside(params, token, place) ? load_element(params.input, element_at(params, token, place)) : 0.0f;
}

DEVICE int product_rows(const DenseParams& params) {
  return params.images * params.out_height * params.out_width;
}

}  // namespace dense

namespace dense_half {

using dense::Place;
using dense::product_rows;
using dense::THREADS;
using dense::Token;
using dense::token_of;
using dense::is_inside;
using dense::element_at;
using dense::gather;

constexpr int COLUMNS = 64;      // of a block
constexpr int BIG_ROWS = 128;    // of a block; small ones where big ones would not fill a large GPU
constexpr int SMALL_ROWS = 32;
constexpr int ENOUGH = 128;      // blocks
constexpr int DEPTH = 32;        // channels k of a step
constexpr int PITCH = DEPTH + 8; // halves from row to row in shared memory: no two rows of eight meet in a bank
constexpr int STAGES = 3;
constexpr int PIECE = 8;         // halves of 16 bytes

// How eight channels k of a token lie in memory.
enum Gather {
  PIXEL,    // within one pixel, aligned
  LINE,     // within one row of the image without gaps, aligned; nothing outside the grid
  ELEMENTS  // any other way
};

DEVICE Gather way_to_gather(const DenseParams& params) {
  const Value& input = params.input;
  if (input.type != F16 || reinterpret_cast<uintptr_t>(input.data) % 16 != 0) {
    return ELEMENTS;
  }
  if (params.in_channels % PIECE == 0 && input.stride % PIECE == 0) {
    return PIXEL;
  }
  int line = params.width * params.in_channels;
  bool gapless = input.stride == params.in_channels && params.padding == 0;
  bool aligned = params.kernel * params.in_channels % PIECE == 0 && params.stride * params.in_channels % PIECE == 0 &&
                 line % PIECE == 0 && input.rows * params.in_channels % PIECE == 0;
  return gapless && aligned ? LINE : ELEMENTS;
}

// Eight channels k of a token to shared memory.
DEVICE void stage_input(const DenseParams& params, Gather way, const Token& token, const Place& place,
                        uint16_t* target) {
  if (way != ELEMENTS) {
    if (is_inside(params, token, place)) {
      copy16_async(target, static_cast<const uint16_t*>(params.input.data) + element_at(params, token, place));
    } else {
      store16(target, {0, 0, 0, 0});
    }
    return;
  }
  Float8 x;
  Place at = place;
#pragma unroll
  for (int i = 0; i < PIECE; i++) {
    x.v[i] = gather(params, token, at);
    at.forward(params, 1);
  }
  store16(target, to_halves(x));
}

DEVICE void stage_weight(const DenseParams& params, int column, int k, uint16_t* target) {
  if (column < params.out_channels && k < params.padded_k) {
    copy16_async(target, static_cast<const uint16_t*>(params.weight) + static_cast<size_t>(column) * params.padded_k + k);
  } else {
    store16(target, {0, 0, 0, 0});
  }
}

DEVICE void store_pair(const DenseParams& params, int row, int column, float a, float b) {
  if (row >= product_rows(params) || column >= params.out_channels) {
    return;
  }
  const Value& output = params.output;
  int area = params.out_height * params.out_width;
  int image = row / area;
  size_t at = row_start(output, image, row - image * area) + column;
  bool both = column + 1 < params.out_channels;
  if (params.bias != nullptr) {
    a += params.bias[column];
    b += both ? params.bias[column + 1] : 0.0f;
  }
  a = activate(params.activation, a);
  b = activate(params.activation, b);
  if (both && output.type == F16 && output.stride % 2 == 0 && reinterpret_cast<uintptr_t>(output.data) % 4 == 0) {
    *reinterpret_cast<uint32_t*>(static_cast<uint16_t*>(output.data) + at) = half_pair(a, b);
  } else {
    store_element(output, at, a);
    if (both) {
      store_element(output, at + 1, b);
    }
  }
}

// A block of ROWS x COLUMNS; warps are WARP_ROWS x (8 / WARP_ROWS).
template <int ROWS, int WARP_ROWS>
DEVICE void multiply(const DenseParams& params, uint16_t* shared, int first_row, int first_column) {
  constexpr int WARP_COLUMNS = 8 / WARP_ROWS;
  constexpr int M = ROWS / WARP_ROWS / 16;         // tiles of 16 rows of a warp
  constexpr int N = COLUMNS / WARP_COLUMNS / 16;   // pairs of tiles of 8 columns
  constexpr int LOADS = (ROWS * DEPTH / PIECE + THREADS - 1) / THREADS;
  constexpr int STAGE = (ROWS + COLUMNS) * PITCH;
  int thread = thread_x();
  int lane = thread % 32;
  int warp_row = thread / 32 / WARP_COLUMNS * (ROWS / WARP_ROWS);
  int warp_column = thread / 32 % WARP_COLUMNS * (COLUMNS / WARP_COLUMNS);
  Gather way = way_to_gather(params);

  // This thread's pieces: channels 8 * (thread % 4) of rows thread / 4, and 64 further on.
  int piece = thread % 4 * PIECE;
  int row = thread / 4;
  Token token[LOADS];
#pragma unroll
  for (int i = 0; i < LOADS; i++) {
    token[i] = token_of(params, first_row + row + i * (THREADS / 4));
  }
  Place place = {0, 0, 0};
  if (piece > 0) {
    place.forward(params, piece);
  }
  int staged = 0;
  int steps = (params.k + DEPTH - 1) / DEPTH;
  auto stage = [&]() {
    if (staged < steps) {
      uint16_t* target = shared + staged % STAGES * STAGE;
#pragma unroll
      for (int i = 0; i < LOADS; i++) {
        int to = row + i * (THREADS / 4);
        if (to < ROWS) {
          stage_input(params, way, token[i], place, target + to * PITCH + piece);
        }
      }
      stage_weight(params, first_column + row, staged * DEPTH + piece, target + (ROWS + row) * PITCH + piece);
      place.forward(params, DEPTH);
      staged++;
    }
    copy_commit();
  };

  float sum[M][2 * N][4] = {};
  for (int i = 0; i < STAGES - 1; i++) {
    stage();
  }
#pragma unroll 1
  for (int step = 0; step < steps; step++) {
    copy_wait<STAGES - 2>();
    sync_block();
    stage();
    const uint16_t* input = shared + step % STAGES * STAGE + warp_row * PITCH;
    const uint16_t* weight = shared + step % STAGES * STAGE + (ROWS + warp_column) * PITCH;
#pragma unroll
    for (int k = 0; k < DEPTH; k += 16) {
      uint32_t a[M][4];
      uint32_t b[N][4];
#pragma unroll
      for (int i = 0; i < M; i++) {
        load_matrix_x4(a[i], input + (i * 16 + lane % 16) * PITCH + k + lane / 16 * 8);
      }
#pragma unroll
      for (int j = 0; j < N; j++) {
        load_matrix_x4(b[j], weight + (j * 16 + lane / 16 * 8 + lane % 8) * PITCH + k + lane / 8 % 2 * 8);
      }
#pragma unroll
      for (int i = 0; i < M; i++) {
#pragma unroll
        for (int j = 0; j < N; j++) {
          mma_f16(sum[i][2 * j], a[i], b[j][0], b[j][1]);
          mma_f16(sum[i][2 * j + 1], a[i], b[j][2], b[j][3]);
        }
      }
    }
  }
  copy_wait<0>();
#pragma unroll
  for (int i = 0; i < M; i++) {
#pragma unroll
    for (int j = 0; j < 2 * N; j++) {
      int to_row = first_row + warp_row + i * 16 + lane / 4;
      int to_column = first_column + warp_column + j * 8 + lane % 4 * 2;
      store_pair(params, to_row, to_column, sum[i][j][0], sum[i][j][1]);
      store_pair(params, to_row + 8, to_column, sum[i][j][2], sum[i][j][3]);
    }
  }
}

}  // namespace dense_half

KERNEL(dense_f16, DenseParams, 256, 2) {
  using namespace dense_half;
  SHARED_MEMORY(shared);
  int column_blocks = (params.out_channels + COLUMNS - 1) / COLUMNS;
  int column = block_x() % column_blocks * COLUMNS;
  int row_block = block_x() / column_blocks;
  int big_blocks = (dense::product_rows(params) + BIG_ROWS - 1) / BIG_ROWS * column_blocks;
  if (big_blocks >= ENOUGH) {
    multiply<BIG_ROWS, 4>(params, reinterpret_cast<uint16_t*>(shared), row_block * BIG_ROWS, column);
  } else {
    multiply<SMALL_ROWS, 2>(params, reinterpret_cast<uint16_t*>(shared), row_block * SMALL_ROWS, column);
  }
}

namespace dense_single {

constexpr int SIDE = 64;         // rows and columns of a block
constexpr int DEPTH = 16;        // channels k of a step
constexpr int PITCH = SIDE + 4;  // floats
constexpr int EACH = 4;          // elements of both matrices a thread loads; rows and columns it computes

}  // namespace dense_single

// Each result is one thread's sum over k in order, as on the processor.
KERNEL(dense_f32, DenseParams, 256) {
  using namespace dense_single;
  SHARED_MEMORY(shared);
  float* inputs = reinterpret_cast<float*>(shared);  // [DEPTH][PITCH]
  float* weights = inputs + DEPTH * PITCH;           // the same
  int column_blocks = (params.out_channels + SIDE - 1) / SIDE;
  int first_column = block_x() % column_blocks * SIDE;
  int first_row = block_x() / column_blocks * SIDE;
  int loaded = thread_x() / 4;
  int k = thread_x() % 4 * EACH;
  int row = thread_x() / 16 * EACH;
  int column = thread_x() % 16 * EACH;
  dense::Token token = dense::token_of(params, first_row + loaded);
  dense::Place place = {0, 0, 0};
  if (k > 0) {
    place.forward(params, k);
  }
  const float* weight = static_cast<const float*>(params.weight) + static_cast<size_t>(first_column + loaded) * params.k;
  bool has_weight = first_column + loaded < params.out_channels;
  float sum[EACH][EACH] = {};
  for (int step = 0; step < params.k; step += DEPTH) {
    float x[EACH];
    float w[EACH];
    dense::Place at = place;
#pragma unroll
    for (int i = 0; i < EACH; i++) {
      x[i] = dense::gather(params, token, at);
      at.forward(params, 1);
      w[i] = has_weight && step + k + i < params.k ? weight[step + k + i] : 0.0f;
    }
    place.forward(params, DEPTH);
    sync_block();
#pragma unroll
    for (int i = 0; i < EACH; i++) {
      inputs[(k + i) * PITCH + loaded] = x[i];
      weights[(k + i) * PITCH + loaded] = w[i];
    }
    sync_block();
#pragma unroll
    for (int j = 0; j < DEPTH; j++) {
      Int4 a = load16(inputs + j * PITCH + row);
      Int4 b = load16(weights + j * PITCH + column);
      float left[EACH] = {bits_float(a.x), bits_float(a.y), bits_float(a.z), bits_float(a.w)};
      float right[EACH] = {bits_float(b.x), bits_float(b.y), bits_float(b.z), bits_float(b.w)};
#pragma unroll
      for (int m = 0; m < EACH; m++) {
#pragma unroll
        for (int n = 0; n < EACH; n++) {
          sum[m][n] = fma_rn(left[m], right[n], sum[m][n]);
        }
      }
    }
  }
  int area = params.out_height * params.out_width;
#pragma unroll
  for (int m = 0; m < EACH; m++) {
    int to_row = first_row + row + m;
    int image = to_row / area;
    if (image < params.images) {
      size_t at = row_start(params.output, image, to_row - image * area) + first_column + column;
#pragma unroll
      for (int n = 0; n < EACH; n++) {
        int to_column = first_column + column + n;
        if (to_column < params.out_channels) {
          float y = params.bias != nullptr ? sum[m][n] + params.bias[to_column] : sum[m][n];
          store_element(params.output, at + n, activate(params.activation, y));
        }
      }
    }
  }
}
