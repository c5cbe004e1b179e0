// Mean over tokens (docs/gpu.md, "mean"): a block takes 32 channels of an image, eight threads a
// channel every eighth token each, in double precision. Sums of half precision values are exact in
// it, whatever their order.
#include "vector.cuh"

namespace mean_over_tokens {

constexpr int CHANNELS = 32;
constexpr int PARTS = 8;

}  // namespace mean_over_tokens

KERNEL(mean, MeanParams, 256) {
  using namespace mean_over_tokens;
  SHARED_MEMORY(shared);
  double* sums = reinterpret_cast<double*>(shared);  // [PARTS][CHANNELS]
  int part = thread_x() / CHANNELS;
  int channel = block_x() * CHANNELS + thread_x() % CHANNELS;
  int image = block_y();
  double sum = 0.0;
  if (channel < params.channels) {
    size_t first = row_start(params.input, image, 0) + channel;
#pragma unroll 4
    for (int t = part; t < params.tokens; t += PARTS) {
      sum += static_cast<double>(load_element(params.input, first + static_cast<size_t>(t) * params.input.stride));
    }
  }
  sums[thread_x()] = sum;
  sync_block();
  if (part == 0 && channel < params.channels) {
    for (int i = 1; i < PARTS; i++) {
      sum += sums[i * CHANNELS + thread_x()];
    }
    store_element(params.output, row_start(params.output, image, 0) + channel, static_cast<float>(sum / params.tokens));
  }
}
