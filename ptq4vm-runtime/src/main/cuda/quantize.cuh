// Rows become codes: rotation, measuring and quantization of docs/numerics.md, rounding by rounding.
#pragma once
#include "coder.cuh"
#include "rows.cuh"

// Codes of eight values, the first in the lowest byte.
DEVICE uint64_t code_chunk(const Coder& of, const float (&v)[CHUNK]) {
  uint32_t words[2];
#pragma unroll
  for (int i = 0; i < 2; i++) {
    words[i] = code(of, v[4 * i]) | code(of, v[4 * i + 1]) << 8 | code(of, v[4 * i + 2]) << 16 |
               code(of, v[4 * i + 3]) << 24;
  }
  return words[0] | static_cast<uint64_t>(words[1]) << 32;
}

// Sums and differences of pairs `half` apart, of all N values.
template <int N>
DEVICE void butterflies(float (&x)[N], int half) {
#pragma unroll
  for (int i = 0; i < N; i++) {
    if ((i & half) == 0) {
      const float a = x[i];
      const float b = x[i + half];
      x[i] = a + b;
      x[i + half] = a - b;
    }
  }
}

// The steps of half 1, 2 and 4 in a chunk.
DEVICE void first_butterflies(float (&x)[CHUNK], int length) {
  if (length >= 2) {
    butterflies(x, 1);
  }
  if (length >= 4) {
    butterflies(x, 2);
  }
  if (length >= 8) {
    butterflies(x, 4);
  }
}

// BITS steps from half = 1 << shift on.
template <int BITS, typename Team>
DEVICE void more_butterflies(float* scratch, int channels, int shift, const Team& team) {
  constexpr int N = 1 << BITS;
#pragma unroll 1
  for (int group = team.rank; group < channels >> BITS; group += Team::SIZE) {
    const int low = group & ((1 << shift) - 1);
    float* first = scratch + padded(((group - low) << BITS) + low);
    float x[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
      x[i] = first[padded(i << shift)];
    }
#pragma unroll
    for (int half = 1; half < N; half *= 2) {
      butterflies(x, half);
    }
#pragma unroll
    for (int i = 0; i < N; i++) {
      first[padded(i << shift)] = x[i];
    }
  }
  sync(team);
}

// The fast transform of a row in scratch from half = 8 on; all that is before is done.
template <typename Team>
DEVICE void transform(float* scratch, int channels, int length, const Team& team) {
  int shift = 3;
  while ((8 << shift) <= length) {
    more_butterflies<3>(scratch, channels, shift, team);
    shift += 3;
  }
  if ((4 << shift) <= length) {
    more_butterflies<2>(scratch, channels, shift, team);
  } else if ((2 << shift) <= length) {
    more_butterflies<1>(scratch, channels, shift, team);
  }
}

DEVICE void widen(float v, float& smallest, float& largest) {
  smallest = minimum(smallest, v);
  largest = maximum(largest, v);
}

// Multiplies by Paley's matrix of order ORDER, whose signs are known here, then smooths. Products by
// signs are exact, so sums and differences are the fma of docs/numerics.md.
template <int ORDER, typename Team>
DEVICE void mix_signs(const InputQuantizer& quantizer, float* scratch, int length, const Team& team,
                      float& smallest, float& largest) {
  constexpr int PRIME = ORDER - 1;
  // Bit i: i is a square modulo the prime.
  constexpr uint32_t SQUARES = ORDER == 12 ? 0x23a : 0x30af2;
#pragma unroll 1
  for (int j = team.rank; j < length; j += Team::SIZE) {
    float x[ORDER];
#pragma unroll
    for (int l = 0; l < ORDER; l++) {
      x[l] = scratch[padded(l * length + j)];
    }
#pragma unroll
    for (int i = 0; i < ORDER; i++) {
      float h = i == 0 ? x[0] : -x[0];
#pragma unroll
      for (int l = 1; l < ORDER; l++) {
        const bool plus = i == 0 || i == l || (SQUARES >> ((l - i + PRIME) % PRIME) & 1) != 0;
        h = plus ? h + x[l] : h - x[l];
      }
      const float v = h * quantizer.smoothing[i * length + j];
      scratch[padded(i * length + j)] = v;
      widen(v, smallest, largest);
    }
  }
  sync(team);
}

template <typename Team>
DEVICE void smooth(const InputQuantizer& quantizer, float* scratch, int channels, const Team& team,
                   float& smallest, float& largest) {
#pragma unroll 1
  for (int c = team.rank * CHUNK; c < channels; c += Team::SIZE * CHUNK) {
    float v[CHUNK];
    float factors[CHUNK];
    load_floats(scratch + padded(c), v);
    load_parameters(quantizer.smoothing, c, channels, factors);
#pragma unroll
    for (int k = 0; k < CHUNK; k++) {
      v[k] *= factors[k];
      if (c + k < channels) {
        widen(v[k], smallest, largest);
      }
    }
    store_floats(scratch + padded(c), v);
  }
  sync(team);
}

// Any other base: channel c of the product with the dense matrix, smoothed. The row stays as it is.
DEVICE float mixed(const InputQuantizer& quantizer, const float* scratch, int length, int c) {
  const int base = quantizer.rotation_base;
  const int i = c / length;
  const int j = c - i * length;
  const float* row = quantizer.rotation_matrix + static_cast<int64_t>(i) * base;
  float h = row[0] * scratch[padded(j)];
  for (int l = 1; l < base; l++) {
    h = fma_rn(row[l], scratch[padded(l * length + j)], h);
  }
  return h * quantizer.smoothing[c];
}

// Codes lie one in a byte, or packed: byte i of each 16 holds the codes of channels i (low nibble)
// and 16+i of a block of 32 channels.

// Quantizes a row that lies smoothed in scratch.
template <typename Team>
DEVICE void code_row(const Coder& of, const float* scratch, int channels, bool packed,
                     const Team& team, unsigned char* codes) {
  float v[CHUNK];
  if (packed) {
#pragma unroll 1
    for (int unit = team.rank; unit < (channels + 31) / 32 * 2; unit += Team::SIZE) {
      const int c = unit / 2 * 32 + unit % 2 * CHUNK;
      load_floats(scratch + padded(c), v);
      const uint64_t low = code_chunk(of, v);
      load_floats(scratch + padded(c + 16), v);
      const uint64_t high = code_chunk(of, v);
      *reinterpret_cast<uint64_t*>(codes + unit * CHUNK) = low | high << 4;
    }
  } else {
#pragma unroll 1
    for (int c = team.rank * CHUNK; c < channels; c += Team::SIZE * CHUNK) {
      load_floats(scratch + padded(c), v);
      *reinterpret_cast<uint64_t*>(codes + c) = code_chunk(of, v);
    }
  }
}

// Calls put(i, c) for each byte i of a row of codes; in packed rows c + 16 belongs to it too.
template <typename Team, typename Put>
DEVICE void for_each_byte(int channels, bool packed, const Team& team, Put put) {
  const int bytes = packed ? (channels + 31) / 32 * 16 : channels;
#pragma unroll 1
  for (int i = team.rank; i < bytes; i += Team::SIZE) {
    put(i, packed ? i / 16 * 32 + i % 16 : i);
  }
}

// Makes the row, rotates, measures and quantizes it. Scratch as in make_row. Codes of channels up to
// the next multiple of 32 are written or left as they are: weights are 0 there.
template <typename Team>
DEVICE RowScale quantize_row(const RowSource& source, const InputQuantizer& quantizer, RowAt at,
                             bool packed, const Team& team, float* scratch, unsigned char* codes) {
  const int channels = source.channels;
  const bool dynamic = quantizer.step == nullptr;
  const bool rotated = quantizer.rotation_scale != nullptr;
  const bool direct = !dynamic && !rotated && !packed;
  const int base = rotated ? quantizer.rotation_base : 1;
  const int length = rotated ? channels / base : 1;
  RowScale scale = {1.0f, 0};
  if (!dynamic) {
    scale = static_scale(quantizer, at.token);
  }
  Coder of = coder(scale, quantizer.limit);
  float smallest = 0.0f;
  float largest = 0.0f;

  make_row(source, at, team, scratch, [&](int c, float(&x)[CHUNK]) {
    float factors[CHUNK];
    load_parameters(rotated ? quantizer.rotation_scale : quantizer.smoothing, c, channels, factors);
#pragma unroll
    for (int k = 0; k < CHUNK; k++) {
      x[k] *= factors[k];  // zeros beyond the row
    }
    if (direct) {
      *reinterpret_cast<uint64_t*>(codes + c) = code_chunk(of, x);
      return;
    }
    if (rotated) {
      first_butterflies(x, length);
    } else if (dynamic) {
#pragma unroll
      for (int k = 0; k < CHUNK; k++) {
        widen(x[k], smallest, largest);
      }
    }
    store_floats(scratch + padded(c), x);
  });
  if (direct) {
    return scale;
  }
  sync(team);

  bool dense = false;
  if (rotated) {
    transform(scratch, channels, length, team);
    if (base == 12) {
      mix_signs<12>(quantizer, scratch, length, team, smallest, largest);
    } else if (base == 20) {
      mix_signs<20>(quantizer, scratch, length, team, smallest, largest);
    } else if (base == 1) {
      smooth(quantizer, scratch, channels, team, smallest, largest);
    } else {
      dense = true;
    }
  }
  if (dynamic) {
    if (dense) {
#pragma unroll 1
      for (int c = team.rank; c < channels; c += Team::SIZE) {
        widen(mixed(quantizer, scratch, length, c), smallest, largest);
      }
    }
    range(team, smallest, largest);
    scale = dynamic_scale(quantizer, smallest, largest);
    of = coder(scale, quantizer.limit);
  }
  if (dense) {
    for_each_byte(channels, packed, team, [&](int i, int c) {
      uint32_t both = c < channels ? code(of, mixed(quantizer, scratch, length, c)) : 0;
      if (packed && c + 16 < channels) {
        both |= code(of, mixed(quantizer, scratch, length, c + 16)) << 4;
      }
      codes[i] = static_cast<unsigned char>(both);
    });
  } else {
    code_row(of, scratch, channels, packed, team, codes);
  }
  sync(team);
  return scale;
}

// Takes over a row of codes that the linear before wrote. A row of zeros has the zero point's code.
template <typename Team>
DEVICE RowScale copy_codes(const RowSource& source, const InputQuantizer& quantizer, RowAt at,
                           bool packed, const Team& team, unsigned char* codes) {
  const int channels = source.channels;
  const RowScale scale = static_scale(quantizer, at.token);
  const unsigned char* row =
      static_cast<const unsigned char*>(input_row(source.input[0], source.map[0], at));
  if (row != nullptr && !packed && is_aligned(row) && channels % 16 == 0) {
#pragma unroll 1
    for (int c = team.rank * 16; c < channels; c += Team::SIZE * 16) {
      store16(codes + c, load16(row + c));
    }
  } else {
    for_each_byte(channels, packed, team, [&](int i, int c) {
      const uint32_t zero = static_cast<uint32_t>(scale.zero);
      uint32_t both = c >= channels ? 0 : row == nullptr ? zero : row[c];
      if (packed && c + 16 < channels) {
        both |= (row == nullptr ? zero : row[c + 16]) << 4;
      }
      codes[i] = static_cast<unsigned char>(both);
    });
  }
  return scale;
}
