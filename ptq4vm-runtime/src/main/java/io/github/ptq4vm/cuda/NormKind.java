package io.github.ptq4vm.cuda;

/** Norms a row source computes, in the order of {@code params.cuh}. */
enum NormKind {
  NO_NORM,
  RMS_NORM,
  LAYER_NORM
}
