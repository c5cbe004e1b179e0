// Elementary functions (docs/numerics.md), without branches and with few instructions of the slow
// unit: an exponential is one, a reciprocal another; a division is ten of the fast one.
#pragma once
#include "device.cuh"

constexpr float LOG2_E = 1.442695041f;

// exp(x); relative error below 1e-5 while |x| is below 80, 0 far below, infinite far above.
DEVICE float exp_fast(float x) { return exp2_fast(x * LOG2_E); }

// 1 / (1 + exp(-x)). Where exp overflows, the reciprocal is the 0 that it should be.
DEVICE float sigmoid(float x) { return reciprocal_fast(1.0f + exp_fast(-x)); }

// x / (1 + exp(-x)).
DEVICE float silu(float x) { return x * sigmoid(x); }

// log(1 + exp(x)) = max(x, 0) + log(1 + e) with e = exp(-|x|), and log(1 + e) = e * p(e), p the
// minimax polynomial of relative error 2e-7 on 0 <= e <= 1: x to the last bit above 20.
DEVICE float softplus(float x) {
  float e = exp_fast(-fabsf(x));
  float p = fma_rn(e, -0.00853920914f, 0.0440896340f);
  p = fma_rn(e, p, -0.107681714f);
  p = fma_rn(e, p, 0.177452415f);
  p = fma_rn(e, p, -0.244954631f);
  p = fma_rn(e, p, 0.332754791f);
  p = fma_rn(e, p, -0.499974042f);
  p = fma_rn(e, p, 0.999999821f);
  return fma_rn(e, p, maximum(x, 0.0f));
}

// x/2 * (1 + erf(x / sqrt(2))), equal to the CPU's to the bit: max(x, 0) - |x|/2 * r^8 with
// r = 1 / p(|x|).
DEVICE float gelu(float x) {
  float a = fabsf(x);
  float p = fma_rn(a, 3.598388e-7f, -2.2654585e-6f);
  p = fma_rn(a, p, 1.4084605e-5f);
  p = fma_rn(a, p, 2.260243e-7f);
  p = fma_rn(a, p, 2.886926e-4f);
  p = fma_rn(a, p, 7.920847e-4f);
  p = fma_rn(a, p, 8.704184e-3f);
  p = fma_rn(a, p, 4.475503e-2f);
  p = fma_rn(a, p, 9.97363e-2f);
  p = fma_rn(a, p, 1.0f);
  float r = divide(1.0f, p);
  r = r * r;
  r = r * r;
  r = r * r;
  return fma_rn(-0.5f * a, r, 0.5f * x + 0.5f * a);
}

// The function is the same for all threads of a launch.
DEVICE float activate(int kind, float x) {
  switch (kind) {
    case SILU:
      return silu(x);
    case GELU:
      return gelu(x);
    case SIGMOID:
      return sigmoid(x);
    default:
      return x;
  }
}
