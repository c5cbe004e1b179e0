// Rotary position embedding (docs/gpu.md, "rotate_pairs"): eight channels a thread.
#include "vector.cuh"

KERNEL(rotate_pairs, RotatePairsParams, 256) {
  int groups = (params.channels + LANE_CHANNELS - 1) / LANE_CHANNELS;
  int index = block_x() * 256 + thread_x();
  int token = index / groups;
  if (token >= params.tokens) {
    return;
  }
  int channel = index % groups * LANE_CHANNELS;
  int left = params.channels - channel;
  int image = block_y();
  size_t angle = static_cast<size_t>(token) * params.channels + channel;
  Float8 x = load8(params.input, row_start(params.input, image, token) + channel, left, is_aligned(params.input));
  Float8 cos = load8_table(params.cos + angle, left);
  Float8 sin = load8_table(params.sin + angle, left);
  Float8 y;
#pragma unroll
  for (int c = 0; c < LANE_CHANNELS; c += 2) {
    y.v[c] = fma_rn(x.v[c + 1], -sin.v[c], x.v[c] * cos.v[c]);
    y.v[c + 1] = fma_rn(x.v[c], sin.v[c + 1], x.v[c + 1] * cos.v[c + 1]);
  }
  store8(params.output, row_start(params.output, image, token) + channel, left, is_aligned(params.output), y);
}
