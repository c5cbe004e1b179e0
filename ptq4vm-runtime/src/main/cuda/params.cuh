// What each kernel is told: one struct a kernel, passed by value. The executor writes the same bytes
// (io.github.ptq4vm.cuda.*Launch), so pointers come first and every field is as wide as it looks; the
// static_asserts at the end are what the Java side counts on.
//
// Shapes: a value is [images * rows, channels], its rows `stride` elements apart. "Token" is a row
// within an image. All of it is docs/gpu.md in C++; formulas are docs/numerics.md.
#pragma once
#include <cstdint>

// Element types of a value in device memory.
enum ElementType : int { F16 = 0, F32 = 1, CODES = 2 };

// io.github.ptq4vm.network.Activation, in its order.
enum ActivationKind : int { NONE = 0, SILU = 1, GELU = 2, SIGMOID = 3 };

enum NormKind : int { NO_NORM = 0, RMS_NORM = 1, LAYER_NORM = 2 };

// Inputs that one launch merges, and problems of one shape that one launch solves.
constexpr int MAX_INPUTS = 4;
constexpr int MAX_PROBLEMS = 4;

// A matrix in device memory. Data null: there is none.
struct Value {
  void* data;
  int type;    // ElementType
  int stride;  // elements from one row to the next
  int rows;    // rows of an image; 0: the same rows serve every image (a table)
  int unused;
};

// How a row of channels comes to be, in this order:
//   x[c] = factor * sum over inputs i of input_i[map_i(t)][c] * factors_i[0][c]
//   norm over channels; x[c] = x[c] * SiLU(gate[t][c]); activation.
// Steps that are not asked for are left out, not computed with neutral values.
struct RowSource {
  Value input[MAX_INPUTS];
  const int* map[MAX_INPUTS];  // [tokens]: row of the input, or -1 for zeros; null: row t itself
  Value factors[MAX_INPUTS];   // one row of channels an image
  Value gate;
  const float* norm_weight;  // [channels]
  const float* norm_bias;    // [channels], layer norm only
  int inputs;
  int channels;
  int tokens;  // rows of an image
  int norm;    // NormKind
  int activation;
  float factor;
  float eps;
  int unused;
};

// How a row becomes codes. Step null: dynamic scales from the row itself.
struct InputQuantizer {
  const float* smoothing;           // reciprocals, [channels]
  const float* step;                // [tokens]
  const unsigned char* zero_point;  // [tokens]
  const float* rotation_scale;      // the diagonal, [channels]; null: no rotation
  const float* rotation_matrix;     // [rotation_base * rotation_base]
  int rotation_base;
  float range;  // share of the row's own range, dynamic only
  int limit;    // the largest code
  int unused;
};

// A quantized linear: row source, quantizer, integer product, then
//   y = fma(float(acc - z * row_sum), step * weight_step, bias); activation; residual + y
// and the output as F16, F32 or, quantized with `next` (static scales, no rotation), CODES.
struct LinearProblem {
  RowSource source;
  InputQuantizer quantizer;
  InputQuantizer next;
  const void* weight;        // codes in fragment order: WeightLayout, docs/gpu.md
  const float* weight_step;  // [padded_out]
  const int* row_sum;        // [padded_out]
  const float* bias;         // [padded_out] or null
  Value residual;
  Value output;
  int in;          // K
  int padded_in;   // K up to a multiple of 32, codes beyond K are 0
  int out;         // N
  int padded_out;  // N up to a multiple of 32
  int activation;
  int columns;  // columns a block computes, a multiple of 32; blockIdx.y counts such ranges
};

// Grid: row tiles over images * tokens, ranges of columns, problems. All problems have the same
// tokens, in and out.
struct LinearParams {
  LinearProblem problem[MAX_PROBLEMS];
  int images;
  int count;  // problems
  int rows;   // rows a block computes: up to the kernel's 16, or 16, 32, 48 or 64 of the kernel's 64
  int unused;
};

// Writes rows of a source: every token-wise operation that no linear takes in.
struct RowsParams {
  RowSource source;
  Value output;
  int images;
  int unused;
};

// Depthwise convolution and activation. Causal along the sequence if height is 0, with `map` from
// sequence index to input row (-1: zeros); otherwise on a grid of height x width tokens.
struct DepthwiseProblem {
  Value input;
  const int* map;       // [tokens] or null
  const float* weight;  // [taps, channels] or [kernel, kernel, channels]: channels innermost
  const float* bias;    // [channels] or null
  Value output;
};

struct DepthwiseParams {
  DepthwiseProblem problem[MAX_PROBLEMS];
  int count;
  int images;
  int channels;
  int tokens;  // of the output
  int kernel;  // taps, or side of the kernel
  int height;
  int width;
  int activation;
};

// One direction of a selective scan. With rank > 0, dt is the low-rank value and dt_proj is computed
// here (never rotated); with rank 0, dt has `channels` channels, bias included.
struct ScanProblem {
  Value u;
  const int* u_map;  // [length]: row of u of a sequence index, -1 zeros; null: the index itself
  Value dt;          // rows in sequence order
  Value b;           // rows in sequence order
  Value c;           // rows in sequence order
  InputQuantizer quantizer;   // of dt_proj; static scales are by sequence index
  const signed char* weight;  // of dt_proj, [channels, padded_rank], zeros beyond rank
  const float* weight_step;   // [channels]
  const int* row_sum;         // [channels]
  const float* bias;          // [channels] or null
  const float* a;             // -exp(aLog), [channels, states]
  const float* skip;          // [channels]
  Value y;
  const int* y_map;  // [length]: row of y of a sequence index, -1 dropped; null: the index itself
};

struct ScanParams {
  ScanProblem problem[MAX_PROBLEMS];
  int count;
  int images;
  int channels;
  int states;
  int length;  // of the sequence
  int rank;
  int padded_rank;  // up to a multiple of 4
  int chunks;       // parts of a tile of tokens that threads scan side by side: ScanGeometry
};

// Dense 2-d convolution in half or single precision; a float linear is one of kernel 1 on a grid of
// tokens x 1.
struct DenseParams {
  Value input;
  const void* weight;  // F16 [padded_out, padded_k] or F32 [out, k]; k = kernel row, column, channel
  const float* bias;   // [out] or null
  Value output;
  int images;
  int in_channels;
  int out_channels;
  int height;
  int width;
  int out_height;
  int out_width;
  int kernel;
  int stride;
  int padding;
  int k;         // kernel * kernel * in_channels
  int padded_k;  // up to a multiple of 16, F16 only, zeros beyond k
  int activation;
  int unused;
};

struct MeanParams {
  Value input;
  Value output;  // one row an image
  int images;
  int channels;
  int tokens;
  int unused;
};

struct RotatePairsParams {
  Value input;
  Value output;
  const float* cos;  // [tokens, channels]
  const float* sin;
  int images;
  int channels;
  int tokens;
  int unused;
};

// Images to rows of three channels: planes of normalised floats (F32), or bytes of RGB pixels (CODES)
// that are scaled by 1/255 and normalised here.
struct ImageParams {
  const void* pixels;
  Value output;
  float mean[3];
  float deviation[3];
  int type;
  int pixels_per_image;
  int images;
  int unused;
};

static_assert(sizeof(Value) == 24, "Value");
static_assert(sizeof(RowSource) == 296, "RowSource");
static_assert(sizeof(InputQuantizer) == 56, "InputQuantizer");
static_assert(sizeof(LinearProblem) == 512, "LinearProblem");
static_assert(sizeof(LinearParams) == 2064, "LinearParams");
static_assert(sizeof(RowsParams) == 328, "RowsParams");
static_assert(sizeof(DepthwiseProblem) == 72, "DepthwiseProblem");
static_assert(sizeof(DepthwiseParams) == 320, "DepthwiseParams");
static_assert(sizeof(ScanProblem) == 240, "ScanProblem");
static_assert(sizeof(ScanParams) == 992, "ScanParams");
static_assert(sizeof(DenseParams) == 120, "DenseParams");
static_assert(sizeof(MeanParams) == 64, "MeanParams");
static_assert(sizeof(RotatePairsParams) == 80, "RotatePairsParams");
static_assert(sizeof(ImageParams) == 72, "ImageParams");
