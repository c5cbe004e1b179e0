// Step sizes of a selective scan (scan.cu): read from a value, or made from low-rank ones by dt_proj.
#pragma once
#include "coder.cuh"
#include "scan_tiles.cuh"

namespace scan {

// dt_proj's weights of the block's channels and its smoothing factors.
DEVICE void load_projection(const Tiles& tiles, const ScanParams& params, const ScanProblem& problem, int channels) {
  uint32_t* weight = reinterpret_cast<uint32_t*>(tiles.shared + tiles.weight);
  int words = params.padded_rank / 4;
  const uint32_t* from = reinterpret_cast<const uint32_t*>(problem.weight);
#pragma unroll 1
  for (int i = thread_x(); i < channels * tiles.code_words; i += block_size()) {
    int channel = tiles.first + i / tiles.code_words;
    int word = i % tiles.code_words;
    weight[i] = channel < params.channels && word < words ? from[static_cast<size_t>(channel) * words + word] : 0;
  }
  float* smoothing = reinterpret_cast<float*>(tiles.shared + tiles.smoothing);
#pragma unroll 1
  for (int i = thread_x(); i < params.rank; i += block_size()) {
    smoothing[i] = problem.quantizer.smoothing[i];
  }
}

// Low-rank step sizes of a tile become codes: four threads a token, a word of four codes at a time.
DEVICE void quantize(const Tiles& tiles, const ScanParams& params, const InputQuantizer& quantizer, int tile) {
  const float* smoothing = reinterpret_cast<const float*>(tiles.shared + tiles.smoothing);
  const float* raw = reinterpret_cast<const float*>(tiles.shared + tiles.dt) + (tile & 1) * tiles.tokens * params.rank;
  int part = thread_x() % 4;
  int rank = params.rank;
  int start = tile * tiles.tokens;
#pragma unroll 1
  for (int base = 0; base < tiles.tokens; base += block_size() / 4) {
    int token = base + thread_x() / 4;
    bool there = token < tiles.tokens;
    const float* x = raw + (there ? token : 0) * rank;
    RowScale scale = {1.0f, 0};
    if (quantizer.step != nullptr) {
      if (there && start + token < params.length) {
        scale = static_scale(quantizer, start + token);
      }
    } else {
      float lo = 0.0f;
      float hi = 0.0f;
      for (int i = part; i < rank; i += 4) {
        float v = x[i] * smoothing[i];
        lo = minimum(lo, v);
        hi = maximum(hi, v);
      }
      lo = minimum(lo, shuffle_xor(lo, 1));
      hi = maximum(hi, shuffle_xor(hi, 1));
      lo = minimum(lo, shuffle_xor(lo, 2));
      hi = maximum(hi, shuffle_xor(hi, 2));
      scale = dynamic_scale(quantizer, lo, hi);
    }
    if (!there) {
      continue;
    }
    Coder of = coder(scale, quantizer.limit);
    int row = tiles.row(token);
    if (part == 0) {
      reinterpret_cast<RowScale*>(tiles.shared + tiles.scale)[row] = scale;
    }
    uint32_t* codes = reinterpret_cast<uint32_t*>(tiles.shared + tiles.codes) + row * tiles.code_words;
    for (int word = part; word < tiles.code_words; word += 4) {
      uint32_t packed = 0;
      for (int e = 0; e < 4; e++) {
        int i = 4 * word + e;
        if (i < rank) {
          packed |= code(of, x[i] * smoothing[i]) << (8 * e);
        }
      }
      codes[word] = packed;
    }
  }
}

// What a thread knows of its channel.
struct Channel {
  int in_block;
  float skip;
  float weight_step;
  int row_sum;
  float bias;  // -0 if there is none, so that adding it changes nothing
};

DEVICE Channel load_channel(const ScanParams& params, const ScanProblem& problem, int first, int in_block) {
  int channel = first + in_block;
  bool there = channel < params.channels;
  bool projected = there && params.rank > 0;
  Channel result;
  result.in_block = in_block;
  result.skip = there ? problem.skip[channel] : 0.0f;
  result.weight_step = projected ? problem.weight_step[channel] : 0.0f;
  result.row_sum = projected ? problem.row_sum[channel] : 0;
  result.bias = projected && problem.bias != nullptr ? problem.bias[channel] : -0.0f;
  return result;
}

// Step sizes of N rows of a tile, `distance` rows apart.
template <int N>
DEVICE void step_sizes(const Tiles& tiles, const ScanParams& params, const ScanProblem& problem,
                       const Channel& channel, int buffer, int row, int distance, float* delta) {
  if (params.rank > 0) {
    const uint32_t* codes = reinterpret_cast<const uint32_t*>(tiles.shared + tiles.codes) + row * tiles.code_words;
    const uint32_t* weight =
        reinterpret_cast<const uint32_t*>(tiles.shared + tiles.weight) + channel.in_block * tiles.code_words;
    int sum[N] = {};
    for (int word = 0; 4 * word < params.rank; word += 4) {
      Int4 w = load16(weight + word);
      for (int i = 0; i < N; i++) {
        Int4 q = load16(codes + i * distance * tiles.code_words + word);
        sum[i] = dot4_us(q.x, w.x, sum[i]);
        sum[i] = dot4_us(q.y, w.y, sum[i]);
        sum[i] = dot4_us(q.z, w.z, sum[i]);
        sum[i] = dot4_us(q.w, w.w, sum[i]);
      }
    }
    const RowScale* scale = reinterpret_cast<const RowScale*>(tiles.shared + tiles.scale) + row;
    for (int i = 0; i < N; i++) {
      const RowScale of = scale[i * distance];
      float d = static_cast<float>(sum[i] - of.zero * channel.row_sum);
      float a = of.step * channel.weight_step;
      delta[i] = softplus(fma_rn(d, a, channel.bias));
    }
  } else {
    const unsigned char* dt = tiles.shared + tiles.dt + (buffer * tiles.tokens + row) * tiles.pitch_dt;
    for (int i = 0; i < N; i++) {
      delta[i] = softplus(read_shared(dt + i * distance * tiles.pitch_dt, problem.dt.type, channel.in_block));
    }
  }
}

}  // namespace scan
