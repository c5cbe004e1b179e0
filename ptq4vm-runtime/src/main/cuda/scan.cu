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
#include "scan_projection.cuh"

namespace scan {

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
