// What runs kernels knows about them: the emulated driver, and tests written in C++.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace emulation {

struct Kernel {
  std::string name;
  std::size_t params_size;
  int threads;
  void (*run)(const void* params);
};

// The kernel of this name, or null.
const Kernel* find(const std::string& name);

// Runs all blocks; threads must be a multiple of 32. Returns an empty string, or a sentence that
// says what went wrong; the launch is then abandoned as it was.
std::string launch(const Kernel& kernel, const unsigned (&grid)[3], unsigned threads,
                   std::size_t shared_size, const void* params);

}  // namespace emulation
