// Depthwise convolution and activation (docs/gpu.md, "depthwise"). A thread computes eight channels
// of a run of tokens: along the sequence, or along a row of the grid. All rows that it needs are
// loaded before the first sum.
#include "math.cuh"
#include "vector.cuh"

namespace depthwise_runs {

constexpr int THREADS = 256;
// Tokens of a run; fewer where there is little to do, and in single precision. DepthwiseGeometry
// knows them, and the bound.
constexpr int LONG_SEQUENCE_RUN = 8;
constexpr int LONG_GRID_RUN = 4;
constexpr int SHORT_RUN = 2;
constexpr int64_t ENOUGH = 1 << 19;  // results of eight channels that fill a large GPU in long runs
// Kernels that have their own code: taps along the sequence, side on the grid.
constexpr int TAPS = 4;
constexpr int SIDE = 3;

struct Work {
  int image;
  int channel;
  int left;  // channels from there on
  bool aligned_in;
  bool aligned_out;
};

DEVICE void finish(const DepthwiseParams& params, const DepthwiseProblem& problem, const Work& work, int token,
                   Float8& sum) {
#pragma unroll
  for (int c = 0; c < LANE_CHANNELS; c++) {
    sum.v[c] = activate(params.activation, sum.v[c]);
  }
  store8(problem.output, row_start(problem.output, work.image, token) + work.channel, work.left, work.aligned_out, sum);
}

DEVICE Float8 load_row(const DepthwiseProblem& problem, const Work& work, int row) {
  return load8(problem.input, row_start(problem.input, work.image, row) + work.channel, work.left, work.aligned_in);
}

// A row as it lies in memory, so that many can wait in registers.
template <bool HALF>
struct Raw {
  Int4 part[HALF ? 1 : 2];
};

template <bool HALF>
DEVICE Raw<HALF> load_raw(const DepthwiseProblem& problem, const Work& work, int row) {
  size_t at = row_start(problem.input, work.image, row) + work.channel;
  if constexpr (HALF) {
    if (work.aligned_in && work.left >= LANE_CHANNELS) {
      return {{load16(static_cast<const uint16_t*>(problem.input.data) + at)}};
    }
    return {{to_halves(load8(problem.input, at, work.left, false))}};
  } else {
    Float8 x = load8(problem.input, at, work.left, work.aligned_in);
    return {{{float_bits(x.v[0]), float_bits(x.v[1]), float_bits(x.v[2]), float_bits(x.v[3])},
             {float_bits(x.v[4]), float_bits(x.v[5]), float_bits(x.v[6]), float_bits(x.v[7])}}};
  }
}

template <bool HALF>
DEVICE Float8 to_floats(const Raw<HALF>& raw) {
  if constexpr (HALF) {
    return from_halves(raw.part[0]);
  } else {
    return from_floats(raw.part[0], raw.part[1]);
  }
}

DEVICE void add_product(Float8& sum, const Float8& weight, const Float8& x) {
#pragma unroll
  for (int c = 0; c < LANE_CHANNELS; c++) {
    sum.v[c] = fma_rn(weight.v[c], x.v[c], sum.v[c]);
  }
}

// Weights of a tap, [taps, channels].
DEVICE Float8 load_tap(const DepthwiseParams& params, const DepthwiseProblem& problem, const Work& work, int tap) {
  return load8_table(problem.weight + static_cast<size_t>(tap) * params.channels + work.channel, work.left);
}

DEVICE Float8 load_bias(const DepthwiseProblem& problem, const Work& work) {
  if (problem.bias != nullptr) {
    return load8_table(problem.bias + work.channel, work.left);
  }
  return {};
}

// Input row of a sequence index, or -1.
DEVICE int row_of(const DepthwiseProblem& problem, int index) {
  return index < 0 ? -1 : problem.map != nullptr ? problem.map[index] : index;
}

// TAPS taps along the sequence. Rows that are not there count as zeros, which changes no sum.
template <int RUN, bool HALF>
DEVICE void causal(const DepthwiseParams& params, const DepthwiseProblem& problem, const Work& work, int first) {
  int rows[RUN + TAPS - 1];
#pragma unroll
  for (int i = 0; i < RUN + TAPS - 1; i++) {
    int index = first + i - (TAPS - 1);
    rows[i] = index < params.tokens ? row_of(problem, index) : -1;
  }
  Raw<HALF> x[RUN + TAPS - 1];
#pragma unroll
  for (int i = 0; i < RUN + TAPS - 1; i++) {
    x[i] = {};
    if (rows[i] >= 0) {
      x[i] = load_raw<HALF>(problem, work, rows[i]);
    }
  }
  Float8 bias = load_bias(problem, work);
  Float8 weight[TAPS];
#pragma unroll
  for (int j = 0; j < TAPS; j++) {
    weight[j] = load_tap(params, problem, work, j);
  }
#pragma unroll
  for (int i = 0; i < RUN; i++) {
    if (first + i < params.tokens) {
      Float8 sum = bias;
#pragma unroll
      for (int j = 0; j < TAPS; j++) {
        add_product(sum, weight[j], to_floats(x[i + j]));
      }
      finish(params, problem, work, first + i, sum);
    }
  }
}

// A SIDE x SIDE kernel on a run of tokens of one row of the grid.
template <int RUN, bool HALF>
DEVICE void grid(const DepthwiseParams& params, const DepthwiseProblem& problem, const Work& work, int row,
                 int column) {
  Float8 sum[RUN];
  Float8 bias = load_bias(problem, work);
#pragma unroll
  for (int i = 0; i < RUN; i++) {
    sum[i] = bias;
  }
#pragma unroll
  for (int y = 0; y < SIDE; y++) {
    int from_row = row + y - SIDE / 2;
    if (from_row < 0 || from_row >= params.height) {
      continue;
    }
    Raw<HALF> x[RUN + SIDE - 1];
#pragma unroll
    for (int i = 0; i < RUN + SIDE - 1; i++) {
      int from_column = column + i - SIDE / 2;
      x[i] = {};
      if (from_column >= 0 && from_column < params.width) {
        x[i] = load_raw<HALF>(problem, work, from_row * params.width + from_column);
      }
    }
#pragma unroll
    for (int j = 0; j < SIDE; j++) {
      Float8 weight = load_tap(params, problem, work, y * SIDE + j);
#pragma unroll
      for (int i = 0; i < RUN; i++) {
        add_product(sum[i], weight, to_floats(x[i + j]));
      }
    }
  }
#pragma unroll
  for (int i = 0; i < RUN; i++) {
    if (column + i < params.width) {
      finish(params, problem, work, row * params.width + column + i, sum[i]);
    }
  }
}

// Any other size, a token at a time.
DEVICE void any_causal(const DepthwiseParams& params, const DepthwiseProblem& problem, const Work& work, int token) {
  Float8 sum = load_bias(problem, work);
  for (int j = 0; j < params.kernel; j++) {
    int row = row_of(problem, token - (params.kernel - 1) + j);
    if (row >= 0) {
      add_product(sum, load_tap(params, problem, work, j), load_row(problem, work, row));
    }
  }
  finish(params, problem, work, token, sum);
}

DEVICE void any_grid(const DepthwiseParams& params, const DepthwiseProblem& problem, const Work& work, int row,
                     int column) {
  Float8 sum = load_bias(problem, work);
  int kernel = params.kernel;
  for (int y = 0; y < kernel; y++) {
    int from_row = row + y - kernel / 2;
    for (int x = 0; x < kernel; x++) {
      int from_column = column + x - kernel / 2;
      if (from_row >= 0 && from_row < params.height && from_column >= 0 && from_column < params.width) {
        add_product(sum, load_tap(params, problem, work, y * kernel + x),
                    load_row(problem, work, from_row * params.width + from_column));
      }
    }
  }
  finish(params, problem, work, row * params.width + column, sum);
}

}  // namespace depthwise_runs

KERNEL(depthwise, DepthwiseParams, 256, 2) {
  using namespace depthwise_runs;
  const DepthwiseProblem& problem = params.problem[block_z()];
  int groups = (params.channels + LANE_CHANNELS - 1) / LANE_CHANNELS;
  bool on_grid = params.height > 0;
  bool own_code = params.kernel == (on_grid ? SIDE : TAPS);
  int64_t results = static_cast<int64_t>(groups) * params.tokens * params.images * params.count;
  bool half = problem.input.type == F16;
  bool is_long = half && results >= ENOUGH;
  int run = !own_code ? 1 : !is_long ? SHORT_RUN : on_grid ? LONG_GRID_RUN : LONG_SEQUENCE_RUN;
  int line = on_grid ? params.width : params.tokens;
  int lines = on_grid ? params.height : 1;
  int runs = (line + run - 1) / run;
  int index = block_x() * THREADS + thread_x();
  int group = index % groups;
  int place = index / groups;
  if (place >= runs * lines) {
    return;
  }
  int row = place / runs;
  int first = place % runs * run;
  Work work;
  work.image = block_y();
  work.channel = group * LANE_CHANNELS;
  work.left = params.channels - work.channel;
  work.aligned_in = is_aligned(problem.input);
  work.aligned_out = is_aligned(problem.output);
  if (on_grid) {
    if (run == LONG_GRID_RUN) {
      grid<LONG_GRID_RUN, true>(params, problem, work, row, first);
    } else if (run == SHORT_RUN && half) {
      grid<SHORT_RUN, true>(params, problem, work, row, first);
    } else if (run == SHORT_RUN) {
      grid<SHORT_RUN, false>(params, problem, work, row, first);
    } else {
      any_grid(params, problem, work, row, first);
    }
  } else if (run == LONG_SEQUENCE_RUN) {
    causal<LONG_SEQUENCE_RUN, true>(params, problem, work, first);
  } else if (run == SHORT_RUN && half) {
    causal<SHORT_RUN, true>(params, problem, work, first);
  } else if (run == SHORT_RUN) {
    causal<SHORT_RUN, false>(params, problem, work, first);
  } else {
    any_causal(params, problem, work, first);
  }
}
