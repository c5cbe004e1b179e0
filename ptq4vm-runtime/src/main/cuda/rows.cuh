// Rows of channels as a RowSource describes them, made by a warp or by a whole block: threads take
// chunks of eight channels in turn, and come back to the same chunks, so that what a thread left in
// shared memory for itself needs no barrier.
#pragma once
#include "math.cuh"

// Channels a thread takes at a time.
constexpr int CHUNK = 8;

// Longer rows are made by the whole block (io.github.ptq4vm.cuda.LinearGeometry).
constexpr int LONGEST_WARP_ROW = 1536;

constexpr int WARPS = 8;

// Those who make a row together, and the place of this thread among them.
struct WarpTeam {
  static constexpr int SIZE = 32;
  int rank;
};
struct BlockTeam {
  static constexpr int SIZE = 32 * WARPS;
  int rank;
  float* exchange;  // [2 * WARPS] of shared memory
};

DEVICE void sync(const WarpTeam&) { sync_warp(); }
DEVICE void sync(const BlockTeam&) { sync_block(); }

DEVICE float sum(const WarpTeam&, float value) {
#pragma unroll
  for (int mask = 16; mask > 0; mask /= 2) {
    value += shuffle_xor(value, mask);
  }
  return value;
}

DEVICE float sum(const BlockTeam& team, float value) {
  value = sum(WarpTeam{team.rank % 32}, value);
  if (team.rank % 32 == 0) {
    team.exchange[team.rank / 32] = value;
  }
  sync_block();
  float total = team.exchange[0];
#pragma unroll
  for (int i = 1; i < WARPS; i++) {
    total += team.exchange[i];
  }
  sync_block();
  return total;
}

// The team's smallest and largest values.
DEVICE void range(const WarpTeam&, float& smallest, float& largest) {
#pragma unroll
  for (int mask = 16; mask > 0; mask /= 2) {
    smallest = minimum(smallest, shuffle_xor(smallest, mask));
    largest = maximum(largest, shuffle_xor(largest, mask));
  }
}

DEVICE void range(const BlockTeam& team, float& smallest, float& largest) {
  range(WarpTeam{team.rank % 32}, smallest, largest);
  if (team.rank % 32 == 0) {
    team.exchange[team.rank / 32] = smallest;
    team.exchange[WARPS + team.rank / 32] = largest;
  }
  sync_block();
#pragma unroll
  for (int i = 0; i < WARPS; i++) {
    smallest = minimum(smallest, team.exchange[i]);
    largest = maximum(largest, team.exchange[WARPS + i]);
  }
  sync_block();
}

// Where channel c of a row lies in its scratch: eight floats in 32 are left free, so that threads
// whose channels are 32 apart do not wait for the same bank. A row of n channels, n a multiple of 32,
// takes padded(n) floats; padded(a + b) = padded(a) + padded(b) if b is less than the power of two
// that a is a multiple of.
DEVICE int padded(int channel) { return channel + (channel >> 5) * 8; }

// Chunks. Channels beyond the row's are read as zeros and not written.

DEVICE bool is_aligned(const void* address) {
  return (reinterpret_cast<uintptr_t>(address) & 15) == 0;
}

DEVICE void unpack_halves(Int4 v, float (&x)[CHUNK]) {
  const uint32_t words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    x[2 * i] = half_to_float(static_cast<uint16_t>(words[i]));
    x[2 * i + 1] = half_to_float(static_cast<uint16_t>(words[i] >> 16));
  }
}

DEVICE Int4 pack_halves(const float (&x)[CHUNK]) {
  uint32_t words[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    words[i] = float_to_half(x[2 * i]) | static_cast<uint32_t>(float_to_half(x[2 * i + 1])) << 16;
  }
  return {words[0], words[1], words[2], words[3]};
}

DEVICE void unpack_floats(Int4 low, Int4 high, float (&x)[CHUNK]) {
  x[0] = bits_float(low.x);
  x[1] = bits_float(low.y);
  x[2] = bits_float(low.z);
  x[3] = bits_float(low.w);
  x[4] = bits_float(high.x);
  x[5] = bits_float(high.y);
  x[6] = bits_float(high.z);
  x[7] = bits_float(high.w);
}

// Eight floats at an address that is a multiple of 16.
DEVICE void load_floats(const float* from, float (&x)[CHUNK]) {
  unpack_floats(load16(from), load16(from + 4), x);
}

DEVICE void store_floats(float* to, const float (&x)[CHUNK]) {
  store16(to, {float_bits(x[0]), float_bits(x[1]), float_bits(x[2]), float_bits(x[3])});
  store16(to + 4, {float_bits(x[4]), float_bits(x[5]), float_bits(x[6]), float_bits(x[7])});
}

// Channels c to c+7 of a row of parameters.
DEVICE void load_parameters(const float* row, int c, int channels, float (&x)[CHUNK]) {
  const float* from = row + c;
  if (c + CHUNK <= channels && is_aligned(from)) {
    unpack_floats(load16_constant(from), load16_constant(from + 4), x);
  } else {
#pragma unroll
    for (int i = 0; i < CHUNK; i++) {
      x[i] = c + i < channels ? from[i] : 0.0f;
    }
  }
}

// Channels c to c+7 of a row of activations; zeros if there is no row.
DEVICE void load_chunk(int type, const void* row, int c, int channels, float (&x)[CHUNK]) {
  const bool whole = c + CHUNK <= channels;
  if (row == nullptr) {
#pragma unroll
    for (int i = 0; i < CHUNK; i++) {
      x[i] = 0.0f;
    }
  } else if (type == F16) {
    const uint16_t* from = static_cast<const uint16_t*>(row) + c;
    if (whole && is_aligned(from)) {
      unpack_halves(load16(from), x);
    } else {
#pragma unroll
      for (int i = 0; i < CHUNK; i++) {
        x[i] = c + i < channels ? half_to_float(from[i]) : 0.0f;
      }
    }
  } else {
    const float* from = static_cast<const float*>(row) + c;
    if (whole && is_aligned(from)) {
      load_floats(from, x);
    } else {
#pragma unroll
      for (int i = 0; i < CHUNK; i++) {
        x[i] = c + i < channels ? from[i] : 0.0f;
      }
    }
  }
}

DEVICE void store_chunk(int type, void* row, int c, int channels, const float (&x)[CHUNK]) {
  const bool whole = c + CHUNK <= channels;
  if (type == F16) {
    uint16_t* to = static_cast<uint16_t*>(row) + c;
    if (whole && is_aligned(to)) {
      store16(to, pack_halves(x));
    } else {
#pragma unroll
      for (int i = 0; i < CHUNK; i++) {
        if (c + i < channels) {
          to[i] = float_to_half(x[i]);
        }
      }
    }
  } else {
    float* to = static_cast<float*>(row) + c;
    if (whole && is_aligned(to)) {
      store_floats(to, x);
    } else {
#pragma unroll
      for (int i = 0; i < CHUNK; i++) {
        if (c + i < channels) {
          to[i] = x[i];
        }
      }
    }
  }
}

// Rows.

struct RowAt {
  int image;
  int token;
};

DEVICE RowAt row_at(int row, int tokens) {
  const int image = row / tokens;
  return {image, row - image * tokens};
}

DEVICE void* row_address(const Value& value, int image, int row) {
  const int size = value.type == F16 ? 2 : value.type == F32 ? 4 : 1;
  const int64_t index = static_cast<int64_t>(image) * value.rows + row;
  return static_cast<unsigned char*>(value.data) + index * value.stride * size;
}

// The row of an input that belongs to a token; null for zeros.
DEVICE const void* input_row(const Value& value, const int* map, RowAt at) {
  const int row = map == nullptr ? at.token : map[at.token];
  return row < 0 ? nullptr : row_address(value, at.image, row);
}

// What a thread knows about a row's inputs before it looks at channels. Plain rows are of half
// precision, aligned and not scaled, so that their loads can all be on the way at once.
struct RowInputs {
  const void* row[MAX_INPUTS];
  bool plain;
};

DEVICE RowInputs row_inputs(const RowSource& source, RowAt at) {
  RowInputs inputs;
  inputs.plain = true;
#pragma unroll
  for (int i = 0; i < MAX_INPUTS; i++) {
    inputs.row[i] = nullptr;
    if (i < source.inputs) {
      inputs.row[i] = input_row(source.input[i], source.map[i], at);
      inputs.plain = inputs.plain && source.input[i].type == F16 && is_aligned(inputs.row[i]) &&
                     source.factors[i].data == nullptr;
    }
  }
  return inputs;
}

// factor * sum over inputs.
DEVICE void merge_inputs(const RowSource& source, const RowInputs& inputs, RowAt at, int c,
                         float (&x)[CHUNK]) {
  float y[CHUNK];
  if (inputs.plain && c + CHUNK <= source.channels) {
    Int4 halves[MAX_INPUTS];
#pragma unroll
    for (int i = 0; i < MAX_INPUTS; i++) {
      halves[i] = {0, 0, 0, 0};
      if (inputs.row[i] != nullptr) {
        halves[i] = load16(static_cast<const uint16_t*>(inputs.row[i]) + c);
      }
    }
    unpack_halves(halves[0], x);
#pragma unroll
    for (int i = 1; i < MAX_INPUTS; i++) {
      if (i < source.inputs) {
        unpack_halves(halves[i], y);
#pragma unroll
        for (int k = 0; k < CHUNK; k++) {
          x[k] += y[k];
        }
      }
    }
  } else {
#pragma unroll 1
    for (int i = 0; i < source.inputs; i++) {
      const Value& value = source.input[i];
      load_chunk(value.type, input_row(value, source.map[i], at), c, source.channels, y);
      const Value& factors = source.factors[i];
      if (factors.data != nullptr) {
        float f[CHUNK];
        load_chunk(factors.type, row_address(factors, at.image, 0), c, source.channels, f);
#pragma unroll
        for (int k = 0; k < CHUNK; k++) {
          y[k] *= f[k];
        }
      }
#pragma unroll
      for (int k = 0; k < CHUNK; k++) {
        x[k] = i == 0 ? y[k] : x[k] + y[k];
      }
    }
  }
  if (source.factor != 1.0f) {
#pragma unroll
    for (int k = 0; k < CHUNK; k++) {
      x[k] *= source.factor;
    }
  }
}

DEVICE void apply_gate(const RowSource& source, const void* gate, int c, float (&x)[CHUNK]) {
  if (gate != nullptr) {
    float g[CHUNK];
    load_chunk(source.gate.type, gate, c, source.channels, g);
#pragma unroll
    for (int k = 0; k < CHUNK; k++) {
      x[k] *= silu(g[k]);
    }
  }
}

DEVICE void activate_chunk(int kind, float (&x)[CHUNK]) {
  if (kind != NONE) {
#pragma unroll
    for (int k = 0; k < CHUNK; k++) {
      x[k] = activate(kind, x[k]);
    }
  }
}

// What a norm takes off and multiplies by.
struct Norm {
  float mean;
  float factor;
};

// The sum of squares, or of values for a layer norm, becomes the norm of the row in scratch.
template <typename Team>
DEVICE Norm measure_norm(const RowSource& source, const Team& team, const float* scratch,
                         float total) {
  const float channels = static_cast<float>(source.channels);
  total = sum(team, total);
  float mean = 0.0f;
  if (source.norm == LAYER_NORM) {
    mean = divide(total, channels);
    total = 0.0f;
#pragma unroll 1
    for (int c = team.rank * CHUNK; c < source.channels; c += Team::SIZE * CHUNK) {
      float x[CHUNK];
      load_floats(scratch + padded(c), x);
#pragma unroll
      for (int k = 0; k < CHUNK; k++) {
        const float d = c + k < source.channels ? x[k] - mean : 0.0f;
        total = fma_rn(d, d, total);
      }
    }
    total = sum(team, total);
  }
  return {mean, divide(1.0f, square_root(divide(total, channels) + source.eps))};
}

DEVICE void apply_norm(const RowSource& source, const Norm& norm, int c, float (&x)[CHUNK]) {
  float weight[CHUNK];
  load_parameters(source.norm_weight, c, source.channels, weight);
  if (source.norm == RMS_NORM) {
#pragma unroll
    for (int k = 0; k < CHUNK; k++) {
      x[k] = x[k] * norm.factor * weight[k];
    }
  } else {
    float bias[CHUNK];
    load_parameters(source.norm_bias, c, source.channels, bias);
#pragma unroll
    for (int k = 0; k < CHUNK; k++) {
      x[k] = fma_rn((x[k] - norm.mean) * norm.factor, weight[k], bias[k]);
    }
  }
}

// Makes a row: calls emit(c, x) for each chunk, in the thread that the chunk belongs to. Scratch has
// padded(channels up to a multiple of 32) floats of shared memory; emit may leave the chunk there.
template <typename Team, typename Emit>
DEVICE void make_row(const RowSource& source, RowAt at, const Team& team, float* scratch,
                     Emit emit) {
  const RowInputs inputs = row_inputs(source, at);
  const void* gate =
      source.gate.data == nullptr ? nullptr : row_address(source.gate, at.image, at.token);
  float total = 0.0f;
#pragma unroll 1
  for (int c = team.rank * CHUNK; c < source.channels; c += Team::SIZE * CHUNK) {
    float x[CHUNK];
    merge_inputs(source, inputs, at, c, x);
    if (source.norm == NO_NORM) {
      apply_gate(source, gate, c, x);
    } else {
#pragma unroll
      for (int k = 0; k < CHUNK; k++) {
        total = source.norm == RMS_NORM ? fma_rn(x[k], x[k], total) : total + x[k];
      }
    }
    store_floats(scratch + padded(c), x);
  }
  Norm norm = {0.0f, 0.0f};
  if (source.norm != NO_NORM) {
    norm = measure_norm(source, team, scratch, total);
  }
#pragma unroll 1
  for (int c = team.rank * CHUNK; c < source.channels; c += Team::SIZE * CHUNK) {
    float x[CHUNK];
    load_floats(scratch + padded(c), x);
    if (source.norm != NO_NORM) {
      apply_norm(source, norm, c, x);
      apply_gate(source, gate, c, x);
    }
    activate_chunk(source.activation, x);
    emit(c, x);
  }
}
