// Steps, zero points and codes of quantized inputs (docs/numerics.md), rounding by rounding.
#pragma once
#include "math.cuh"

// What turns codes back into values: (code - zero) * step.
struct RowScale {
  float step;
  int zero;
};

// Turns values into codes.
struct Coder {
  float inverse_step;
  float lowest;   // of the value in steps: the one whose code is 0
  float highest;  // the one whose code is the limit
  int zero;
};

DEVICE Coder coder(RowScale scale, int limit) {
  return {divide(1.0f, scale.step), static_cast<float>(-scale.zero),
          static_cast<float>(limit - scale.zero), scale.zero};
}

// clamp(rint(v / step) + zero, 0, limit). Bounds are integers, so rounding may come after them; a
// float of less than 2^22 is rounded, half to even, by adding 3 * 2^22 and holds the integer in its
// low bits.
DEVICE uint32_t code(const Coder& coder, float v) {
  const float bounded = minimum(maximum(v * coder.inverse_step, coder.lowest), coder.highest);
  return float_bits(bounded + 12582912.0f) - 0x4b400000u + static_cast<uint32_t>(coder.zero);
}

// Scale of a row whose values, zero included, lie between smallest and largest.
DEVICE RowScale dynamic_scale(const InputQuantizer& quantizer, float smallest, float largest) {
  const float lo = smallest * quantizer.range;
  const float hi = largest * quantizer.range;
  const float limit = static_cast<float>(quantizer.limit);
  const float step = maximum((hi - lo) * divide(1.0f, limit), 1e-8f);
  const float zero = minimum(limit, round_even(-lo * divide(1.0f, step)));
  return {step, static_cast<int>(zero)};
}

DEVICE RowScale static_scale(const InputQuantizer& quantizer, int token) {
  return {quantizer.step[token], quantizer.zero_point[token]};
}
