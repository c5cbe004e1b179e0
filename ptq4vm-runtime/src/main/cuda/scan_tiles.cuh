// What a block of a selective scan holds in shared memory (scan.cu): how it lies there, how tiles get
// there and back.
#pragma once
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

DEVICE float read_shared(const unsigned char* row, int type, int channel) {
  return type == F16 ? half_to_float(reinterpret_cast<const uint16_t*>(row)[channel])
                     : reinterpret_cast<const float*>(row)[channel];
}

DEVICE void write_shared(unsigned char* row, int type, int channel, float value) {
  if (type == F16) {
    reinterpret_cast<uint16_t*>(row)[channel] = float_to_half(value);
  } else {
    reinterpret_cast<float*>(row)[channel] = value;
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

}  // namespace scan
