/**
 * The processor's benchmark: the executor's latency beside that of PyTorch and ONNX Runtime in
 * turns, where its time goes and how far from the machine's peak that is, how cost grows with work,
 * and a learning step beside PyTorch's. Everything measured runs in a process of its own that
 * answers requests, so that nothing shares a JIT compiler's profile or a pool of threads.
 */
@NullMarked
package io.github.ptq4vm.benchmarks.cpu;

import org.jspecify.annotations.NullMarked;
