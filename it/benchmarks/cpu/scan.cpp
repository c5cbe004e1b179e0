// Selective scan for the PyTorch peer on processors: what a good C++ extension does.
//
// Built by cpu_scan.py. All directions of all images in raster order; order[k, t] is the position that direction
// k visits at step t. One task is a direction of an image and a block of channels, whose states stay in the
// first cache; the innermost loops run over channels, so that they become vectors.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

// 2^x for x <= 0: the integer part goes into the exponent, the rest is a polynomial (relative error 2e-7).
inline float exp2_of_negative(float x) {
  x = x < -126.0f ? -126.0f : x;
  const float shifted = x + 12582912.0f;
  const float rest = x - (shifted - 12582912.0f);
  float p = 1.33935e-3f;
  p = p * rest + 9.6184373e-3f;
  p = p * rest + 5.5503394e-2f;
  p = p * rest + 2.4022652e-1f;
  p = p * rest + 6.931472e-1f;
  p = p * rest + 1.0f;
  int32_t bits, power;
  std::memcpy(&power, &shifted, 4);
  std::memcpy(&bits, &p, 4);
  bits += power << 23;
  std::memcpy(&p, &bits, 4);
  return p;
}

constexpr float LOG2E = 1.44269504f;

// log(1 + e) for 0 <= e <= 1, as 2 artanh(e / (2 + e)).
inline float log1p_of_share(float e) {
  const float s = e / (2.0f + e);
  const float q = s * s;
  float p = 1.0f / 13;
  p = p * q + 1.0f / 11;
  p = p * q + 1.0f / 9;
  p = p * q + 1.0f / 7;
  p = p * q + 1.0f / 5;
  p = p * q + 1.0f / 3;
  p = p * q + 1.0f;
  return 2.0f * s * p;
}

struct Problem {
  const float *u, *dt, *bc, *decay, *skip, *bias, *gate;
  const int32_t *order;
  float *y;
  int64_t directions, batch, tokens, channels, low;
  int64_t u_k, u_b, u_l, dt_k, dt_b, dt_l, bc_k, bc_b, bc_l, gate_b, gate_l;
};

template <int N, int W>
void scan_block(const Problem &p, int64_t k, int64_t image, int64_t first) {
  const int width = static_cast<int>(std::min<int64_t>(W, p.channels - first));
  alignas(64) float h[N][W] = {};
  alignas(64) float a[N][W] = {};
  alignas(64) float bias[W] = {}, skip[W] = {}, x[W] = {}, step[W] = {}, z[W] = {}, delta[W], du[W], out[W];
  for (int c = 0; c < width; c++) {
    bias[c] = p.bias[k * p.channels + first + c];
    skip[c] = p.skip[k * p.channels + first + c];
    for (int n = 0; n < N; n++) a[n][c] = p.decay[(k * p.channels + first + c) * N + n];
  }
  const float *u = p.u + k * p.u_k + image * p.u_b + first;
  const float *dt = p.dt + k * p.dt_k + image * p.dt_b + first;
  const float *bc = p.bc + k * p.bc_k + image * p.bc_b + p.low;
  const float *gate = p.gate == nullptr ? nullptr : p.gate + image * p.gate_b + first;
  float *y = p.y + (k * p.batch + image) * p.tokens * p.channels + first;
  for (int64_t t = 0; t < p.tokens; t++) {
    const int64_t at = p.order[k * p.tokens + t];
    std::memcpy(x, u + at * p.u_l, width * sizeof(float));
    std::memcpy(step, dt + at * p.dt_l, width * sizeof(float));
    const float *b = bc + at * p.bc_l;
    const float *c = b + N;
#pragma omp simd
    for (int i = 0; i < W; i++) {
      const float v = step[i] + bias[i];
      const float e = exp2_of_negative(-std::fabs(v) * LOG2E);
      delta[i] = (v > 0 ? v : 0) + log1p_of_share(e);
      du[i] = delta[i] * x[i];
      out[i] = skip[i] * x[i];
    }
    for (int n = 0; n < N; n++) {
      const float bn = b[n], cn = c[n];
#pragma omp simd
      for (int i = 0; i < W; i++) {
        h[n][i] = exp2_of_negative(delta[i] * a[n][i]) * h[n][i] + du[i] * bn;
        out[i] += cn * h[n][i];
      }
    }
    if (gate != nullptr) {
      std::memcpy(z, gate + at * p.gate_l, width * sizeof(float));
#pragma omp simd
      for (int i = 0; i < W; i++) {
        const float e = exp2_of_negative(-std::fabs(z[i]) * LOG2E);
        out[i] *= z[i] * (z[i] > 0 ? 1.0f : e) / (1.0f + e);
      }
    }
    std::memcpy(y + at * p.channels, out, width * sizeof(float));
  }
}

template <int N, int W>
void scan_all(const Problem &p) {
  const int64_t blocks = (p.channels + W - 1) / W;
#pragma omp parallel for schedule(static)
  for (int64_t task = 0; task < p.directions * p.batch * blocks; task++) {
    scan_block<N, W>(p, task / (p.batch * blocks), task / blocks % p.batch, task % blocks * W);
  }
}

// What the gradient of a scan's outputs is for its inputs, one block of channels of a direction of an image. States
// are computed once more and kept, decays once more again: memory costs more than either. Decay rates and skips do
// not learn. Gradients of b and c are added to, the others written.
template <int N, int W>
void backward_block(const Problem &p, const float *gy, float *gu, float *gdt, float *gbc, float *states, int64_t k,
                    int64_t image, int64_t first) {
  const int width = static_cast<int>(std::min<int64_t>(W, p.channels - first));
  alignas(64) float a[N][W] = {}, zero[N][W] = {}, gh[N][W] = {};
  alignas(64) float bias[W] = {}, skip[W] = {}, x[W] = {}, step[W] = {}, g[W] = {}, delta[W], slope[W], gx[W], gd[W];
  for (int c = 0; c < width; c++) {
    bias[c] = p.bias[k * p.channels + first + c];
    skip[c] = p.skip[k * p.channels + first + c];
    for (int n = 0; n < N; n++) a[n][c] = p.decay[(k * p.channels + first + c) * N + n];
  }
  const float *u = p.u + k * p.u_k + image * p.u_b + first;
  const float *dt = p.dt + k * p.dt_k + image * p.dt_b + first;
  const float *bc = p.bc + k * p.bc_k + image * p.bc_b + p.low;
  const int64_t out = (k * p.batch + image) * p.tokens;
  const auto load = [&](int64_t at) {
    std::memcpy(x, u + at * p.u_l, width * sizeof(float));
    std::memcpy(step, dt + at * p.dt_l, width * sizeof(float));
#pragma omp simd
    for (int i = 0; i < W; i++) {
      const float v = step[i] + bias[i];
      const float e = exp2_of_negative(-std::fabs(v) * LOG2E);
      delta[i] = (v > 0 ? v : 0) + log1p_of_share(e);
      slope[i] = (v > 0 ? 1.0f : e) / (1.0f + e);
    }
  };
  const float *before = &zero[0][0];
  for (int64_t t = 0; t < p.tokens; t++) {
    const int64_t at = p.order[k * p.tokens + t];
    load(at);
    const float *b = bc + at * p.bc_l;
    float *h = states + t * N * W;
    for (int n = 0; n < N; n++) {
#pragma omp simd
      for (int i = 0; i < W; i++) {
        h[n * W + i] = exp2_of_negative(delta[i] * a[n][i]) * before[n * W + i] + delta[i] * x[i] * b[n];
      }
    }
    before = h;
  }
  for (int64_t t = p.tokens - 1; t >= 0; t--) {
    const int64_t at = p.order[k * p.tokens + t];
    load(at);
    std::memcpy(g, gy + (out + at) * p.channels + first, width * sizeof(float));
    const float *b = bc + at * p.bc_l;
    const float *c = b + N;
    const float *h = states + t * N * W;
    const float *last = t == 0 ? &zero[0][0] : h - N * W;
    float *gb = gbc + (out + at) * 2 * N;
    for (int i = 0; i < W; i++) {
      gx[i] = skip[i] * g[i];
      gd[i] = 0;
    }
    for (int n = 0; n < N; n++) {
      const float bn = b[n], cn = c[n];
      float sum_b = 0, sum_c = 0;
#pragma omp simd reduction(+ : sum_b, sum_c)
      for (int i = 0; i < W; i++) {
        const float decay = exp2_of_negative(delta[i] * a[n][i]);
        const float ghi = gh[n][i] + cn * g[i];
        sum_c += g[i] * h[n * W + i];
        sum_b += ghi * delta[i] * x[i];
        gx[i] += ghi * delta[i] * bn;
        gd[i] += ghi * (x[i] * bn + (a[n][i] / LOG2E) * decay * last[n * W + i]);
        gh[n][i] = ghi * decay;
      }
      gb[n] += sum_b;
      gb[N + n] += sum_c;
    }
    for (int i = 0; i < W; i++) gd[i] *= slope[i];
    std::memcpy(gu + (out + at) * p.channels + first, gx, width * sizeof(float));
    std::memcpy(gdt + (out + at) * p.channels + first, gd, width * sizeof(float));
  }
}

template <int N, int W>
void backward_all(const Problem &p, const float *gy, float *gu, float *gdt, float *gbc) {
#pragma omp parallel
  {
    std::vector<float> states(p.tokens * N * W);
#pragma omp for schedule(static)
    for (int64_t task = 0; task < p.directions * p.batch; task++) {
      for (int64_t first = 0; first < p.channels; first += W) {
        backward_block<N, W>(p, gy, gu, gdt, gbc, states.data(), task / p.batch, task % p.batch, first);
      }
    }
  }
}

Problem problem(const void *const *data, const int64_t *sizes) {
  Problem p;
  p.u = static_cast<const float *>(data[0]);
  p.dt = static_cast<const float *>(data[1]);
  p.bc = static_cast<const float *>(data[2]);
  p.decay = static_cast<const float *>(data[3]);
  p.skip = static_cast<const float *>(data[4]);
  p.bias = static_cast<const float *>(data[5]);
  p.gate = static_cast<const float *>(data[6]);
  p.order = static_cast<const int32_t *>(data[7]);
  p.y = static_cast<float *>(const_cast<void *>(data[8]));
  p.directions = sizes[0];
  p.batch = sizes[1];
  p.tokens = sizes[2];
  p.channels = sizes[3];
  p.low = sizes[5];
  int64_t *const strides[] = {&p.u_k,  &p.u_b,  &p.u_l,  &p.dt_k,   &p.dt_b,  &p.dt_l,
                              &p.bc_k, &p.bc_b, &p.bc_l, &p.gate_b, &p.gate_l};
  for (int i = 0; i < 11; i++) *strides[i] = sizes[6 + i];
  return p;
}

}  // namespace

// Pointers: u, dt, bc, decay (times log2 e), skip, bias, gate or null, order, y. Sizes: directions, batch, tokens,
// channels, states, channels of bc before B, then the strides in the order of Problem. Returns 0, or 1 for a
// number of states there is no code for.
extern "C" int selective_scan(const void *const *data, const int64_t *sizes) {
  const Problem p = problem(data, sizes);
  switch (sizes[4]) {
    case 1:
      scan_all<1, 64>(p);
      return 0;
    case 16:
      scan_all<16, 64>(p);
      return 0;
    default:
      return 1;
  }
}

// As selective_scan, without a gate; then the outputs' gradient, and those of u, dt, and b and c together.
extern "C" int selective_scan_backward(const void *const *data, const int64_t *sizes) {
  const Problem p = problem(data, sizes);
  const float *gy = static_cast<const float *>(data[8]);
  float *gu = static_cast<float *>(const_cast<void *>(data[9]));
  float *gdt = static_cast<float *>(const_cast<void *>(data[10]));
  float *gbc = static_cast<float *>(const_cast<void *>(data[11]));
  switch (sizes[4]) {
    case 1:
      backward_all<1, 64>(p, gy, gu, gdt, gbc);
      return 0;
    case 16:
      backward_all<16, 16>(p, gy, gu, gdt, gbc);
      return 0;
    default:
      return 1;
  }
}
