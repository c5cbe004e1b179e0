// Images to rows of three channels (docs/gpu.md, "image"). Pixels that come as bytes are normalised
// through a table of the 256 values of each channel, with the divisions of the runtime's own
// preprocessing.
#include "vector.cuh"

namespace image_rows {

constexpr int THREADS = 256;
constexpr int PIXELS = 1024;  // a block

}  // namespace image_rows

KERNEL(image, ImageParams, 256) {
  using namespace image_rows;
  SHARED_MEMORY(shared);
  float* table = reinterpret_cast<float*>(shared);  // [3][256]
  bool bytes = params.type == CODES;
  if (bytes) {
    float value = divide(static_cast<float>(thread_x()), 255.0f);
    for (int c = 0; c < 3; c++) {
      table[c * 256 + thread_x()] = divide(value - params.mean[c], params.deviation[c]);
    }
    sync_block();
  }
  int pixels = params.pixels_per_image;
  size_t first = static_cast<size_t>(block_y()) * 3 * pixels;
  for (int i = 0; i < PIXELS; i += THREADS) {
    int pixel = block_x() * PIXELS + i + thread_x();
    if (pixel < pixels) {
      size_t to = row_start(params.output, block_y(), pixel);
      for (int c = 0; c < 3; c++) {
        float x = bytes ? table[c * 256 + static_cast<const unsigned char*>(params.pixels)[first + 3 * static_cast<size_t>(pixel) + c]]
                        : static_cast<const float*>(params.pixels)[first + static_cast<size_t>(c) * pixels + pixel];
        store_element(params.output, to + c, x);
      }
    }
  }
}
