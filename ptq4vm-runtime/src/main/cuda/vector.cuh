// Eight neighbouring channels of a row at a time, in whatever type they lie in memory.
#pragma once
#include "device.cuh"

constexpr int LANE_CHANNELS = 8;

struct Float8 {
  float v[LANE_CHANNELS];
};

DEVICE int element_size(const Value& value) { return value.type == F16 ? 2 : 4; }

// Whether pieces of 16 bytes that start at multiples of 16 bytes of a row can be moved as a whole.
DEVICE bool is_aligned(const Value& value) {
  return (reinterpret_cast<uintptr_t>(value.data) | static_cast<uintptr_t>(value.stride * element_size(value))) % 16 ==
         0;
}

// Index of the first element of a row of an image.
DEVICE size_t row_start(const Value& value, int image, int row) {
  return (static_cast<size_t>(image) * value.rows + row) * value.stride;
}

DEVICE float half_low(uint32_t pair) { return half_to_float(static_cast<uint16_t>(pair & 0xffffu)); }
DEVICE float half_high(uint32_t pair) { return half_to_float(static_cast<uint16_t>(pair >> 16)); }
DEVICE uint32_t half_pair(float low, float high) {
  return float_to_half(low) | static_cast<uint32_t>(float_to_half(high)) << 16;
}

DEVICE Float8 from_halves(const Int4& h) {
  return {half_low(h.x), half_high(h.x), half_low(h.y), half_high(h.y),
          half_low(h.z), half_high(h.z), half_low(h.w), half_high(h.w)};
}
DEVICE Int4 to_halves(const Float8& f) {
  return {half_pair(f.v[0], f.v[1]), half_pair(f.v[2], f.v[3]), half_pair(f.v[4], f.v[5]),
          half_pair(f.v[6], f.v[7])};
}
DEVICE Float8 from_floats(const Int4& a, const Int4& b) {
  return {bits_float(a.x), bits_float(a.y), bits_float(a.z), bits_float(a.w),
          bits_float(b.x), bits_float(b.y), bits_float(b.z), bits_float(b.w)};
}

DEVICE float load_element(const Value& value, size_t at) {
  return value.type == F16 ? half_to_float(static_cast<const uint16_t*>(value.data)[at])
                           : static_cast<const float*>(value.data)[at];
}
DEVICE void store_element(const Value& value, size_t at, float x) {
  if (value.type == F16) {
    static_cast<uint16_t*>(value.data)[at] = float_to_half(x);
  } else {
    static_cast<float*>(value.data)[at] = x;
  }
}

// Channels from element `at` on; those beyond the `left` that there are become 0. `aligned` is
// is_aligned of the value.
DEVICE Float8 load8(const Value& value, size_t at, int left, bool aligned) {
  if (aligned && left >= LANE_CHANNELS) {
    if (value.type == F16) {
      return from_halves(load16(static_cast<const uint16_t*>(value.data) + at));
    }
    const float* from = static_cast<const float*>(value.data) + at;
    return from_floats(load16(from), load16(from + 4));
  }
  Float8 result;
  for (int i = 0; i < LANE_CHANNELS; i++) {
    result.v[i] = i < left ? load_element(value, at + i) : 0.0f;
  }
  return result;
}

DEVICE void store8(const Value& value, size_t at, int left, bool aligned, const Float8& x) {
  if (aligned && left >= LANE_CHANNELS) {
    if (value.type == F16) {
      store16(static_cast<uint16_t*>(value.data) + at, to_halves(x));
    } else {
      float* to = static_cast<float*>(value.data) + at;
      store16(to, {float_bits(x.v[0]), float_bits(x.v[1]), float_bits(x.v[2]), float_bits(x.v[3])});
      store16(to + 4, {float_bits(x.v[4]), float_bits(x.v[5]), float_bits(x.v[6]), float_bits(x.v[7])});
    }
    return;
  }
  for (int i = 0; i < LANE_CHANNELS; i++) {
    if (i < left) {
      store_element(value, at + i, x.v[i]);
    }
  }
}

// Eight floats of a table, at a multiple of eight; `left` as above.
DEVICE Float8 load8_table(const float* from, int left) {
  if (left >= LANE_CHANNELS && reinterpret_cast<uintptr_t>(from) % 16 == 0) {
    return from_floats(load16_constant(from), load16_constant(from + 4));
  }
  Float8 result;
  for (int i = 0; i < LANE_CHANNELS; i++) {
    result.v[i] = i < left ? from[i] : 0.0f;
  }
  return result;
}
