// Token-wise operations that no linear took in.
#include "rows.cuh"

template <typename Team>
DEVICE void write_row(const RowsParams& params, int row, const Team& team, float* scratch) {
  const RowAt at = row_at(row, params.source.tokens);
  void* output = row_address(params.output, at.image, at.token);
  make_row(params.source, at, team, scratch, [&](int c, float(&x)[CHUNK]) {
    store_chunk(params.output.type, output, c, params.source.channels, x);
  });
}

// A block writes a row of more than LONGEST_WARP_ROW channels, or else eight rows. Shared memory:
// what blocks exchange, then scratch of each team.
KERNEL(rows, RowsParams, 256) {
  SHARED_MEMORY(shared);
  float* exchange = reinterpret_cast<float*>(shared);
  float* scratch = exchange + 2 * WARPS;
  const int total = params.images * params.source.tokens;
  if (params.source.channels > LONGEST_WARP_ROW) {
    write_row(params, block_x(), BlockTeam{thread_x(), exchange}, scratch);
  } else {
    const int warp = thread_x() / 32;
    const int row = block_x() * WARPS + warp;
    const int pitch = padded((params.source.channels + 31) / 32 * 32);
    if (row < total) {
      write_row(params, row, WarpTeam{thread_x() % 32}, scratch + warp * pitch);
    }
  }
}
