// Selective scan (docs/gpu.md, "scan"). A block takes a group of channels of one image and direction
// through the whole sequence, a tile of tokens at a time; tile i+1 is on its way to shared memory
// while tile i is scanned.
//
// scan_4          four states a thread, over a tile of 32 tokens in turn
// scan_16         16 states a thread, over a tile of 16: no sums over threads, but few threads
// scan_1,         one or four states a thread; a tile is cut into chunks that threads scan side by
// scan_4_chunked  side from state zero, then again from the state that the chunks before leave
//
// Lanes: p counts the threads that share a channel's states, k the chunks, c channels;
// thread = p + P * (k + chunks * c). A tile's token k * CHUNK + i lies in row i * chunks + k, so that
// the lanes of a warp read neighbouring rows.
#include "math.cuh"
#include "vector.cuh"

namespace scan {

// Tokens of a chunk.
constexpr int CHUNK = 8;

// Tokens of a tile that is not cut: with all states in one thread, blocks have half the threads.
template <int S>
constexpr int TILE = S == 16 ? 16 : 32;

// What a block knows about its tiles: sizes, and where in shared memory things lie. ScanGeometry
// adds up the same sizes.
struct Tiles {
  int image;
  int tokens;          // of a tile
  int chunks;
  int first;           // channel
  int states;          // padded
  int pitch_u;         // bytes of a row of u, dt and y
  int pitch_dt;
  int pitch_y;
  int code_words;      // of a row of codes: four channels each, an odd multiple of four
  int u, b, c, dt;     // two buffers each
  int y, u_map, y_map;
  int scale, codes, weight, smoothing;
  unsigned char* shared;

  DEVICE int row(int token) const { return chunks == 1 ? token : token % CHUNK * chunks + token / CHUNK; }
};

DEVICE int pitch(const Value& value, int channels) {
  int bytes = channels * element_size(value);
  return bytes < 16 ? 16 : bytes;
}

DEVICE Tiles lay_out(const ScanParams& params, const ScanProblem& problem, int states, int channels,
                     int chunks, int tokens, unsigned char* shared) {
  Tiles t;
  t.shared = shared;
  t.image = block_y();
  t.chunks = chunks;
  t.tokens = tokens;
  t.first = block_x() * channels;
  t.states = states;
  t.pitch_u = pitch(problem.u, channels);
  t.pitch_y = pitch(problem.y, channels);
  t.pitch_dt = params.rank > 0 ? params.rank * 4 : pitch(problem.dt, channels);
  int vectors = (params.rank + 15) / 16;
  t.code_words = 4 * (vectors | 1);
  t.u = 0;
  t.b = t.u + 2 * t.tokens * t.pitch_u;
  t.c = t.b + 2 * t.tokens * states * 4;
  t.dt = t.c + 2 * t.tokens * states * 4;
  t.y = t.dt + 2 * t.tokens * t.pitch_dt;
  t.u_map = t.y + t.tokens * t.pitch_y;
  t.y_map = t.u_map + 2 * t.tokens * 4;
  t.scale = t.y_map + 2 * t.tokens * 4;
  t.codes = t.scale + t.tokens * 8;
  t.weight = t.codes + t.tokens * t.code_words * 4;
  t.smoothing = t.weight + channels * t.code_words * 4;
  return t;
}

// Binary logarithm of the pieces of 16 bytes that a row of channels has: 1, 2, ... 16 of them.
DEVICE int piece_shift(int pitch) {
  return pitch >= 256 ? 4 : pitch >= 128 ? 3 : pitch >= 64 ? 2 : pitch >= 32 ? 1 : 0;
}

// Rows of channels to shared memory; zeros where there is no row.
DEVICE void stage_channels(const Tiles& tiles, const Value& value, int channels, int start, int count,
                           const int* map, unsigned char* target, int pitch) {
  int size = element_size(value);
  int piece_channels = 16 / size;
  int shift = piece_shift(pitch);
  bool aligned = is_aligned(value) && tiles.first % piece_channels == 0;
#pragma unroll 1
  for (int i = thread_x(); i < tiles.tokens << shift; i += block_size()) {
    int token = i >> shift;
    int piece = i - (token << shift);
    int channel = tiles.first + piece * piece_channels;
    int left = channels - channel;
    int row = token < count ? (map != nullptr ? map[token] : start + token) : -1;
    unsigned char* to = target + tiles.row(token) * pitch + piece * 16;
    if (row < 0 || left <= 0) {
      store16(to, {0, 0, 0, 0});
      continue;
    }
    size_t at = row_start(value, tiles.image, row) + channel;
    if (aligned && left >= piece_channels) {
      copy16_async(to, static_cast<const unsigned char*>(value.data) + at * size);
    } else {
      for (int e = 0; e < piece_channels; e++) {
        float x = e < left ? load_element(value, at + e) : 0.0f;
        if (size == 2) {
          reinterpret_cast<uint16_t*>(to)[e] = float_to_half(x);
        } else {
          reinterpret_cast<float*>(to)[e] = x;
        }
      }
    }
  }
}

// Rows of `width` floats to rows of `padded` floats in shared memory; zeros beyond.
DEVICE void stage_floats(const Tiles& tiles, const Value& value, int width, int padded, int start, int count,
                         bool permuted, unsigned char* target) {
  const float* data = static_cast<const float*>(value.data);
  bool whole = is_aligned(value) && width % 4 == 0 && padded == width;
  int part = thread_x() % 4;
#pragma unroll 1
  for (int token = thread_x() / 4; token < tiles.tokens; token += block_size() / 4) {
    float* to = reinterpret_cast<float*>(target) + (permuted ? tiles.row(token) : token) * padded;
    const float* from = data + row_start(value, tiles.image, start + token);
    if (whole) {
      for (int i = 4 * part; i < width; i += 16) {
        if (token < count) {
          copy16_async(to + i, from + i);
        } else {
          store16(to + i, {0, 0, 0, 0});
        }
      }
    } else {
      for (int i = part; i < padded; i += 4) {
        if (token < count && i < width) {
          copy4_async(to + i, from + i);
        } else {
          to[i] = 0.0f;
        }
      }
    }
  }
}

DEVICE void stage_map(const Tiles& tiles, const int* map, int start, int length, unsigned char* target) {
#pragma unroll 1
  for (int i = thread_x(); i < tiles.tokens; i += block_size()) {
    if (start + i >= 0 && start + i < length) {
      copy4_async(target + i * 4, map + start + i);
    }
  }
}

// Starts the copies of a tile, of the next tile's map of u and of the previous tile's map of y.
DEVICE void stage(const Tiles& tiles, const ScanParams& params, const ScanProblem& problem, int tile) {
  int start = tile * tiles.tokens;
  int buffer = tile & 1;
  int other = buffer ^ 1;
  if (problem.u_map != nullptr) {
    stage_map(tiles, problem.u_map, start + tiles.tokens, params.length,
              tiles.shared + tiles.u_map + other * tiles.tokens * 4);
  }
  if (problem.y_map != nullptr) {
    stage_map(tiles, problem.y_map, start - tiles.tokens, params.length,
              tiles.shared + tiles.y_map + other * tiles.tokens * 4);
  }
  int count = params.length - start;
  if (count > 0) {
    const int* map = reinterpret_cast<const int*>(tiles.shared + tiles.u_map + buffer * tiles.tokens * 4);
    stage_channels(tiles, problem.u, params.channels, start, count, problem.u_map != nullptr ? map : nullptr,
                   tiles.shared + tiles.u + buffer * tiles.tokens * tiles.pitch_u, tiles.pitch_u);
    stage_floats(tiles, problem.b, params.states, tiles.states, start, count, true,
                 tiles.shared + tiles.b + buffer * tiles.tokens * tiles.states * 4);
    stage_floats(tiles, problem.c, params.states, tiles.states, start, count, true,
                 tiles.shared + tiles.c + buffer * tiles.tokens * tiles.states * 4);
    unsigned char* dt = tiles.shared + tiles.dt + buffer * tiles.tokens * tiles.pitch_dt;
    if (params.rank > 0) {
      stage_floats(tiles, problem.dt, params.rank, params.rank, start, count, false, dt);
    } else {
      stage_channels(tiles, problem.dt, params.channels, start, count, nullptr, dt, tiles.pitch_dt);
    }
  }
  copy_commit();
}

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
    float step = 1.0f;
    int zero = 0;
    if (quantizer.step != nullptr) {
      if (there && start + token < params.length) {
        step = quantizer.step[start + token];
        zero = quantizer.zero_point[start + token];
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
      lo = minimum(lo, shuffle_xor(lo, 2)) * quantizer.range;
      hi = maximum(hi, shuffle_xor(hi, 2)) * quantizer.range;
      float limit = static_cast<float>(quantizer.limit);
      step = maximum((hi - lo) * divide(1.0f, limit), 1e-8f);
      zero = static_cast<int>(minimum(limit, round_even(-lo * divide(1.0f, step))));
    }
    if (!there) {
      continue;
    }
    float inverse = divide(1.0f, step);
    int row = tiles.row(token);
    if (part == 0) {
      float* scale = reinterpret_cast<float*>(tiles.shared + tiles.scale) + 2 * row;
      scale[0] = step;
      reinterpret_cast<int*>(scale)[1] = zero;
    }
    uint32_t* codes = reinterpret_cast<uint32_t*>(tiles.shared + tiles.codes) + row * tiles.code_words;
    for (int word = part; word < tiles.code_words; word += 4) {
      uint32_t packed = 0;
      for (int e = 0; e < 4; e++) {
        int i = 4 * word + e;
        if (i < rank) {
          float scaled = x[i] * smoothing[i] * inverse;
          int code = static_cast<int>(round_even(maximum(-512.0f, minimum(512.0f, scaled)))) + zero;
          code = code < 0 ? 0 : code > quantizer.limit ? quantizer.limit : code;
          packed |= static_cast<uint32_t>(code) << (8 * e);
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

DEVICE float read_shared(const unsigned char* row, int type, int channel) {
  return type == F16 ? half_to_float(reinterpret_cast<const uint16_t*>(row)[channel])
                     : reinterpret_cast<const float*>(row)[channel];
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
    const float* scale = reinterpret_cast<const float*>(tiles.shared + tiles.scale) + 2 * row;
    for (int i = 0; i < N; i++) {
      int zero = reinterpret_cast<const int*>(scale)[2 * i * distance + 1];
      float d = static_cast<float>(sum[i] - zero * channel.row_sum);
      float a = scale[2 * i * distance] * channel.weight_step;
      delta[i] = softplus(fma_rn(d, a, channel.bias));
    }
  } else {
    const unsigned char* dt = tiles.shared + tiles.dt + (buffer * tiles.tokens + row) * tiles.pitch_dt;
    for (int i = 0; i < N; i++) {
      delta[i] = softplus(read_shared(dt + i * distance * tiles.pitch_dt, problem.dt.type, channel.in_block));
    }
  }
}

template <int S>
DEVICE void load_states(const float* from, float (&to)[S]) {
  if constexpr (S % 4 == 0) {
#pragma unroll
    for (int s = 0; s < S; s += 4) {
      Int4 v = load16(from + s);
      to[s] = bits_float(v.x);
      to[s + 1] = bits_float(v.y);
      to[s + 2] = bits_float(v.z);
      to[s + 3] = bits_float(v.w);
    }
  } else {
    for (int s = 0; s < S; s++) {
      to[s] = from[s];
    }
  }
}

// Adds up over the P threads of a channel; thread p gets the sum of x[p].
template <int P>
DEVICE float sum_scattered(float (&x)[P], int p) {
  for (int half = P / 2; half > 0; half /= 2) {
    bool high = (p & half) != 0;
    for (int i = 0; i < half; i++) {
      float keep = high ? x[i + half] : x[i];
      float give = high ? x[i] : x[i + half];
      x[i] = keep + shuffle_xor(give, half);
    }
  }
  return x[0];
}

template <int P>
DEVICE float spread(float value, int lane) {
  if constexpr (P == 1) {
    return value;
  } else {
    return shuffle(value, lane);
  }
}

DEVICE void write_shared(unsigned char* row, int type, int channel, float value) {
  if (type == F16) {
    reinterpret_cast<uint16_t*>(row)[channel] = float_to_half(value);
  } else {
    reinterpret_cast<float*>(row)[channel] = value;
  }
}

// The states of a thread: decay rates to base 2.
template <int S>
DEVICE void load_rates(const ScanParams& params, const ScanProblem& problem, int channel, int state, float (&rate)[S]) {
  for (int s = 0; s < S; s++) {
    bool there = channel < params.channels && state + s < params.states;
    rate[s] = there ? problem.a[static_cast<size_t>(channel) * params.states + state + s] * LOG2_E : 0.0f;
  }
}

// One token: the next state, and the thread's share of the result.
template <int S, int P>
DEVICE float step(const float* b_rows, const float* c_rows, const float (&rate)[S], float (&h)[S], int token,
                  float delta, float driven) {
  float b[S];
  float c[S];
  load_states(b_rows + token * S * P, b);
  load_states(c_rows + token * S * P, c);
#pragma unroll
  for (int s = 0; s < S; s++) {
    h[s] = fma_rn(exp2_fast(delta * rate[s]), h[s], driven * b[s]);
  }
  float y = c[0] * h[0];
#pragma unroll
  for (int s = 1; s < S; s++) {
    y = fma_rn(c[s], h[s], y);
  }
  return y;
}

// A tile in turn: step sizes of OWN * P tokens, OWN a thread, are computed while as many tokens before
// them are scanned.
template <int S, int P, int OWN>
DEVICE void scan_tile(const Tiles& tiles, const ScanParams& params, const ScanProblem& problem, const Channel& channel,
                      const float (&rate)[S], float (&h)[S], int tile, int p) {
  int buffer = tile & 1;
  int lane = thread_x() & 31 & ~(P - 1);
  const unsigned char* u_rows = tiles.shared + tiles.u + buffer * tiles.tokens * tiles.pitch_u;
  const float* b_rows =
      reinterpret_cast<const float*>(tiles.shared + tiles.b) + buffer * tiles.tokens * S * P + S * p;
  const float* c_rows =
      reinterpret_cast<const float*>(tiles.shared + tiles.c) + buffer * tiles.tokens * S * P + S * p;
  float next[OWN];
  step_sizes<OWN>(tiles, params, problem, channel, buffer, p, P, next);
#pragma unroll 1
  for (int group = 0; group < TILE<S>; group += OWN * P) {
    float delta[OWN];
    float u[OWN];
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      delta[i] = next[i];
      u[i] = read_shared(u_rows + (group + i * P + p) * tiles.pitch_u, problem.u.type, channel.in_block);
    }
    if (group + OWN * P < TILE<S>) {
      step_sizes<OWN>(tiles, params, problem, channel, buffer, group + OWN * P + p, P, next);
    }
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      int first = group + i * P;
      float driven = delta[i] * u[i];
      float sum = 0.0f;
      if constexpr (P <= 4) {
        float y[P];
#pragma unroll
        for (int t = 0; t < P; t++) {
          y[t] = step<S, P>(b_rows, c_rows, rate, h, first + t, spread<P>(delta[i], lane + t),
                            spread<P>(driven, lane + t));
        }
        sum = sum_scattered<P>(y, p);
      } else {
#pragma unroll 1
        for (int t = 0; t < P; t++) {
          float y = step<S, P>(b_rows, c_rows, rate, h, first + t, shuffle(delta[i], lane + t),
                               shuffle(driven, lane + t));
          for (int half = P / 2; half > 0; half /= 2) {
            y += shuffle_xor(y, half);
          }
          sum = t == p ? y : sum;
        }
      }
      write_shared(tiles.shared + tiles.y + (first + p) * tiles.pitch_y, problem.y.type, channel.in_block,
                   fma_rn(channel.skip, u[i], sum));
    }
  }
}

// A tile in chunks. h is the state in front of the tile, in the threads of chunk 0.
template <int S, int P>
DEVICE void scan_chunks(const Tiles& tiles, const ScanParams& params, const ScanProblem& problem,
                        const Channel& channel, const float (&rate)[S], float (&h)[S], int tile, int p, int k) {
  constexpr int OWN = CHUNK / P;  // tokens whose step sizes a thread computes: p, p + P, ...
  int chunks = tiles.chunks;
  int buffer = tile & 1;
  int lane = thread_x() & 31;
  const unsigned char* u_rows = tiles.shared + tiles.u + (buffer * tiles.tokens + k) * tiles.pitch_u;
  const float* b_rows =
      reinterpret_cast<const float*>(tiles.shared + tiles.b) + (buffer * tiles.tokens + k) * S * P + S * p;
  const float* c_rows =
      reinterpret_cast<const float*>(tiles.shared + tiles.c) + (buffer * tiles.tokens + k) * S * P + S * p;
  float delta[OWN];
  float u[OWN];
  constexpr int TOGETHER = OWN < 4 ? OWN : 4;
#pragma unroll
  for (int i = 0; i < OWN; i += TOGETHER) {
    step_sizes<TOGETHER>(tiles, params, problem, channel, buffer, (i * P + p) * chunks + k, P * chunks, delta + i);
  }
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    u[i] = read_shared(u_rows + (i * P + p) * chunks * tiles.pitch_u, problem.u.type, channel.in_block);
  }
  float decay[CHUNK][S];
  float driven[CHUNK];
  float end[S];
  float sum = 0.0f;
#pragma unroll
  for (int s = 0; s < S; s++) {
    end[s] = k == 0 ? h[s] : 0.0f;
  }
#pragma unroll
  for (int i = 0; i < CHUNK; i++) {
    float d = spread<P>(delta[i / P], (lane & ~(P - 1)) + i % P);
    driven[i] = spread<P>(delta[i / P] * u[i / P], (lane & ~(P - 1)) + i % P);
    sum += d;
    float b[S];
    load_states(b_rows + i * chunks * S * P, b);
    for (int s = 0; s < S; s++) {
      decay[i][s] = exp2_fast(d * rate[s]);
      end[s] = fma_rn(decay[i][s], end[s], driven[i] * b[s]);
    }
  }
  // Ends of chunks, from one after the other to all that lie before: those of 1, 2, 4... chunks.
  float product[S];
#pragma unroll
  for (int s = 0; s < S; s++) {
    product[s] = exp2_fast(sum * rate[s]);
  }
  for (int distance = 1; distance < chunks; distance *= 2) {
#pragma unroll
    for (int s = 0; s < S; s++) {
      float before = shuffle(end[s], lane - distance * P);
      float factor = shuffle(product[s], lane - distance * P);
      if (k >= distance) {
        end[s] = fma_rn(product[s], before, end[s]);
        product[s] *= factor;
      }
    }
  }
  // The state in front of chunk k is the end of chunk k-1; chunk 0 takes the end of the tile.
  int previous = k > 0 ? lane - P : lane + (chunks - 1) * P;
#pragma unroll
  for (int s = 0; s < S; s++) {
    float before = shuffle(end[s], previous);
    end[s] = k > 0 ? before : h[s];
    h[s] = before;
  }
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    float y[P];
#pragma unroll
    for (int t = 0; t < P; t++) {
      float b[S];
      float c[S];
      load_states(b_rows + (i * P + t) * chunks * S * P, b);
      load_states(c_rows + (i * P + t) * chunks * S * P, c);
      for (int s = 0; s < S; s++) {
        end[s] = fma_rn(decay[i * P + t][s], end[s], driven[i * P + t] * b[s]);
      }
      y[t] = c[0] * end[0];
      for (int s = 1; s < S; s++) {
        y[t] = fma_rn(c[s], end[s], y[t]);
      }
    }
    float total = fma_rn(channel.skip, u[i], sum_scattered<P>(y, p));
    write_shared(tiles.shared + tiles.y + ((i * P + p) * chunks + k) * tiles.pitch_y, problem.y.type,
                 channel.in_block, total);
  }
}

// The tile's results to their rows.
DEVICE void store(const Tiles& tiles, const ScanParams& params, const ScanProblem& problem, int channels, int tile) {
  const Value& y = problem.y;
  int size = element_size(y);
  int piece_channels = 16 / size;
  int shift = piece_shift(tiles.pitch_y);
  bool aligned = is_aligned(y) && tiles.first % piece_channels == 0;
  int start = tile * tiles.tokens;
  const int* map = reinterpret_cast<const int*>(tiles.shared + tiles.y_map) + (tile & 1) * tiles.tokens;
  int end = tiles.first + channels < params.channels ? tiles.first + channels : params.channels;
#pragma unroll 1
  for (int i = thread_x(); i < tiles.tokens << shift; i += block_size()) {
    int token = i >> shift;
    int piece = i - (token << shift);
    int channel = tiles.first + piece * piece_channels;
    int left = end - channel;
    if (start + token >= params.length || left <= 0) {
      continue;
    }
    int row = problem.y_map != nullptr ? map[token] : start + token;
    if (row < 0) {
      continue;
    }
    const unsigned char* from = tiles.shared + tiles.y + tiles.row(token) * tiles.pitch_y + piece * 16;
    size_t at = row_start(y, tiles.image, row) + channel;
    if (aligned && left >= piece_channels) {
      store16(static_cast<unsigned char*>(y.data) + at * size, load16(from));
    } else {
      for (int e = 0; e < piece_channels && e < left; e++) {
        store_element(y, at + e, read_shared(from, y.type, e));
      }
    }
  }
}

// Threads that share a channel: a power of two.
template <int S>
DEVICE int sharers(int states) {
  int p = 1;
  while (S * p < states) {
    p *= 2;
  }
  return p;
}

// Scans a tile with as many threads a channel as there are.
template <int S, bool CHUNKED>
DEVICE void scan(const Tiles& tiles, const ScanParams& params, const ScanProblem& problem, const Channel& channel,
                 const float (&rate)[S], float (&h)[S], int tile, int sharers, int p, int k) {
  if constexpr (CHUNKED && S == 1) {
    scan_chunks<S, 1>(tiles, params, problem, channel, rate, h, tile, p, k);
  } else if constexpr (CHUNKED) {
    if (sharers == 4) {
      scan_chunks<S, 4>(tiles, params, problem, channel, rate, h, tile, p, k);
    } else if (sharers == 2) {
      scan_chunks<S, 2>(tiles, params, problem, channel, rate, h, tile, p, k);
    } else {
      scan_chunks<S, 1>(tiles, params, problem, channel, rate, h, tile, p, k);
    }
  } else if constexpr (S == 16) {
    scan_tile<S, 1, 2>(tiles, params, problem, channel, rate, h, tile, p);
  } else {
    if (sharers == 4) {
      scan_tile<S, 4, 1>(tiles, params, problem, channel, rate, h, tile, p);
    } else if (sharers == 2) {
      scan_tile<S, 2, 1>(tiles, params, problem, channel, rate, h, tile, p);
    } else if (sharers == 8) {
      scan_tile<S, 8, 1>(tiles, params, problem, channel, rate, h, tile, p);
    } else if (sharers == 16) {
      scan_tile<S, 16, 1>(tiles, params, problem, channel, rate, h, tile, p);
    } else {
      scan_tile<S, 32, 1>(tiles, params, problem, channel, rate, h, tile, p);
    }
  }
}

// Takes a block through its sequence. While a tile is scanned, copies of the next one are under way;
// between two scans a tile is stored, the next one quantized and copies of the one after it started.
template <int S, bool CHUNKED>
DEVICE void run(const ScanParams& params, unsigned char* shared) {
  const ScanProblem& problem = params.problem[block_z()];
  int chunks = CHUNKED ? params.chunks : 1;
  int threads = sharers<S>(params.states);
  int channels = block_size() / threads / chunks;
  Tiles tiles = lay_out(params, problem, S * threads, channels, chunks, CHUNKED ? chunks * CHUNK : TILE<S>, shared);
  int p = thread_x() % threads;
  int k = CHUNKED ? thread_x() / threads % chunks : 0;
  int in_block = thread_x() / threads / chunks;
  Channel channel = load_channel(params, problem, tiles.first, in_block);
  float rate[S];
  load_rates(params, problem, tiles.first + in_block, S * p, rate);
  float h[S] = {};

  if (params.rank > 0) {
    load_projection(tiles, params, problem, channels);
  }
  if (problem.u_map != nullptr) {
    stage_map(tiles, problem.u_map, 0, params.length, shared + tiles.u_map);
    copy_commit();
  }
  int count = (params.length + tiles.tokens - 1) / tiles.tokens;
#pragma unroll 1
  for (int tile = -2; tile < count; tile++) {
    if (tile >= 0) {
      scan<S, CHUNKED>(tiles, params, problem, channel, rate, h, tile, threads, p, k);
    }
    copy_wait<0>();
    sync_block();
    if (tile >= 0) {
      store(tiles, params, problem, channels, tile);
    }
    if (params.rank > 0 && tile >= -1 && tile + 1 < count) {
      quantize(tiles, params, problem.quantizer, tile + 1);
    }
    stage(tiles, params, problem, tile + 2);
    sync_block();
  }
}

}  // namespace scan

KERNEL(scan_1, ScanParams, 128, 4) {
  SHARED_MEMORY(shared);
  scan::run<1, true>(params, shared);
}

KERNEL(scan_4, ScanParams, 128, 5) {
  SHARED_MEMORY(shared);
  scan::run<4, false>(params, shared);
}

KERNEL(scan_16, ScanParams, 64, 10) {
  SHARED_MEMORY(shared);
  scan::run<16, false>(params, shared);
}

KERNEL(scan_4_chunked, ScanParams, 128, 3) {
  SHARED_MEMORY(shared);
  scan::run<4, true>(params, shared);
}
