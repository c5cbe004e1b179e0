// Blocks as fibers, and what warps do together.
#include "emulation.h"

#include <sys/mman.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <vector>

#include "emulated_launch.h"

// Fibers change places by a few instructions where we know them, by ucontext elsewhere.
#if defined(__x86_64__) && !defined(PTQ4VM_EMULATION_UCONTEXT)
#define KNOWN_SWITCH 1
#else
#define KNOWN_SWITCH 0
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define UNCHECKED __attribute__((no_sanitize_address))
#else
#define UNCHECKED
#endif

namespace emulation {

Block block;

namespace {

constexpr std::size_t STACK = 256 * 1024;
constexpr std::size_t GUARD = 64 * 1024;

// xorshift64*: quick, and the same everywhere.
class Chance {
 public:
  explicit Chance(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 0x1234567u) {
    if (state_ == 0) {
      state_ = 1;
    }
    next();
    next();
  }
  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1du;
  }
  unsigned below(unsigned n) {
    return static_cast<unsigned>(((next() >> 32) * static_cast<uint64_t>(n)) >> 32);
  }

 private:
  uint64_t state_;
};

// A place to run that can be left and entered again.
struct Context {
#if KNOWN_SWITCH
  void* stack_pointer = nullptr;
#else
  ucontext_t context;
#endif
  char* stack = nullptr;  // null: the thread's own
  const void* bottom = nullptr;
  std::size_t size = 0;
  void* fake_stack = nullptr;
};

#if KNOWN_SWITCH
extern "C" void emulation_switch(void** from, void* to);
asm(R"(
.text
.globl emulation_switch
.hidden emulation_switch
.type emulation_switch, @function
emulation_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emulation_switch, .-emulation_switch
)");
#endif

enum class State { RUNNABLE, AT_BLOCK, AT_WARP, DONE };

struct Copy {
  void* shared;
  const void* global;
  int bytes;
};

struct Fiber {
  Context context;
  State state;
  const char* what;
  void (*perform)(void* const*);
  void* operands;
  const char* file;
  int line;
  std::vector<std::vector<Copy>> groups;  // the last one is open
};

// The block under way.
struct Run {
  const Kernel* kernel = nullptr;
  const void* params = nullptr;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<int> runnable;
  std::vector<int> arrived;  // a warp
  int arrived_block = 0;
  int done = 0;
  Context outside;
  std::string failure;
  Chance chance{1};
};
Run run;
std::mutex one_launch;

std::map<std::string, Kernel>& kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}

UNCHECKED void change(Context& from, Context& to, [[maybe_unused]] bool leaves_for_good) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(leaves_for_good ? nullptr : &from.fake_stack, to.bottom, to.size);
#endif
#if KNOWN_SWITCH
  emulation_switch(&from.stack_pointer, to.stack_pointer);
#else
  swapcontext(&from.context, &to.context);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

const char* base_name(const char* file) {
  const char* slash = std::strrchr(file, '/');
  return slash ? slash + 1 : file;
}

// Someone else's turn, or the launcher's when nobody can run. Unchecked, as is what calls it last:
// frames that are never returned from would stay marked on a stack that is used again.
UNCHECKED void next_turn(Fiber& self, bool leaves_for_good) {
  if (run.runnable.empty()) {
    change(self.context, run.outside, leaves_for_good);
    return;
  }
  unsigned chosen = run.chance.below(static_cast<unsigned>(run.runnable.size()));
  int thread = run.runnable[chosen];
  run.runnable[chosen] = run.runnable.back();
  run.runnable.pop_back();
  Fiber& other = *run.fibers[thread];
  block.thread = thread;
  if (&other != &self) {
    change(self.context, other.context, leaves_for_good);
  }
}

// Every thread of the range may run again; the one that runs takes its chance with the others.
void release(int first, int count) {
  for (int i = first; i < first + count; i++) {
    run.fibers[i]->state = State::RUNNABLE;
    run.runnable.push_back(i);
  }
}

void wait(Fiber& self, State state, const char* what, const char* file, int line) {
  self.state = state;
  self.what = what;
  self.file = file;
  self.line = line;
}

extern "C" UNCHECKED void emulation_thread() {
#if defined(__SANITIZE_ADDRESS__)
  const void* bottom;
  std::size_t size;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
  if (run.outside.bottom == nullptr) {  // the first fiber comes from the launcher's stack
    run.outside.bottom = bottom;
    run.outside.size = size;
  }
#endif
  run.kernel->run(run.params);
  Fiber& self = *run.fibers[block.thread];
  self.state = State::DONE;
  run.done++;
  next_turn(self, true);
  std::abort();
}

char* new_stack() {
  void* memory = mmap(nullptr, GUARD + STACK, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, GUARD, PROT_NONE) != 0) {
    std::fprintf(stderr, "The emulated GPU found no memory for the stack of a thread.\n");
    std::abort();
  }
  return static_cast<char*>(memory) + GUARD;
}

void enter(Fiber& fiber) {
  Context& context = fiber.context;
  if (context.stack == nullptr) {
    context.stack = new_stack();
    context.bottom = context.stack;
    context.size = STACK;
  }
  context.fake_stack = nullptr;
#if KNOWN_SWITCH
  // As if emulation_switch had left emulation_thread at its first instruction: six registers, the
  // address to return to, and a stack pointer 8 below a multiple of 16.
  uintptr_t* top = reinterpret_cast<uintptr_t*>(context.stack + STACK);
  *--top = 0;
  *--top = reinterpret_cast<uintptr_t>(&emulation_thread);
  for (int i = 0; i < 6; i++) {
    *--top = 0;
  }
  context.stack_pointer = top;
#else
  getcontext(&context.context);
  context.context.uc_stack.ss_sp = context.stack;
  context.context.uc_stack.ss_size = STACK;
  context.context.uc_link = nullptr;
  makecontext(&context.context, emulation_thread, 0);
#endif
  fiber.state = State::RUNNABLE;
  fiber.groups.assign(1, {});
}

std::string where(int thread) {
  char text[512];
  std::snprintf(text, sizeof text, "Kernel %s, block (%d, %d, %d), thread %d",
                run.kernel->name.c_str(), block.index[0], block.index[1], block.index[2], thread);
  return text;
}

std::string place(const Fiber& fiber) {
  if (fiber.state == State::DONE) {
    return "has ended";
  }
  return std::string("waits in ") + fiber.what + " at " + base_name(fiber.file) + ":" +
         std::to_string(fiber.line);
}

// Nobody can run, not everybody is done: says who waits, and for whom.
std::string deadlock() {
  int waiting = -1;
  for (int i = 0; i < block.size && waiting < 0; i++) {
    if (run.fibers[i]->state != State::DONE) {
      waiting = i;
    }
  }
  const Fiber& first = *run.fibers[waiting];
  bool warp = first.state == State::AT_WARP;
  int begin = warp ? waiting / WARP * WARP : 0;
  int end = warp ? begin + WARP : block.size;
  for (int i = begin; i < end; i++) {
    const Fiber& other = *run.fibers[i];
    if (other.state != first.state) {
      return where(waiting) + " " + place(first) + " for all " +
             (warp ? "32 threads of its warp" : "threads of the block") + ", but thread " +
             std::to_string(i) + " " + place(other) + ".";
    }
  }
  return where(waiting) + " " + place(first) + " for ever.";
}

// Garbage that differs from block to block.
void litter(unsigned char* memory, std::size_t size) {
  for (std::size_t i = 0; i < size; i += 8) {
    uint64_t garbage = run.chance.next() | 0x7000700070007000u;
    std::memcpy(memory + i, &garbage, size - i < 8 ? size - i : 8);
  }
}

void run_block() {
  run.runnable.clear();
  run.arrived.assign(block.size / WARP, 0);
  run.arrived_block = 0;
  run.done = 0;
  for (int i = 0; i < block.size; i++) {
    enter(*run.fibers[i]);
    run.runnable.push_back(i);
  }
  litter(block.shared, block.shared_size);
  while (run.failure.empty() && run.done < block.size) {
    if (run.runnable.empty()) {
      run.failure = deadlock();
      return;
    }
    unsigned chosen = run.chance.below(static_cast<unsigned>(run.runnable.size()));
    block.thread = run.runnable[chosen];
    run.runnable[chosen] = run.runnable.back();
    run.runnable.pop_back();
    change(run.outside, run.fibers[block.thread]->context, false);
  }
}

uint64_t seed() {
  const char* text = std::getenv("PTQ4VM_EMULATION_SEED");
  return text ? std::strtoull(text, nullptr, 10) : 1;
}

uint64_t digest(const std::string& text) {
  uint64_t hash = 1469598103934665603u;
  for (unsigned char c : text) {
    hash = (hash ^ c) * 1099511628211u;
  }
  return hash;
}

}  // namespace

bool know(const char* name, std::size_t params_size, int threads, void (*kernel)(const void*)) {
  kernels()[name] = Kernel{name, params_size, threads, kernel};
  return true;
}

const Kernel* find(const std::string& name) {
  auto found = kernels().find(name);
  return found == kernels().end() ? nullptr : &found->second;
}

void fail(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  run.failure = where(block.thread) + " " + text + ".";
  change(run.fibers[block.thread]->context, run.outside, true);
  std::abort();
}

void meet_block(const char* file, int line) {
  Fiber& self = *run.fibers[block.thread];
  wait(self, State::AT_BLOCK, "sync_block", file, line);
  Fiber& first = *run.fibers[0];
  if (first.state == State::AT_BLOCK && (first.line != line || std::strcmp(first.file, file) != 0)) {
    fail("meets the block in sync_block at %s:%d, but thread 0 does at %s:%d", base_name(file), line,
         base_name(first.file), first.line);
  }
  if (++run.arrived_block == block.size) {
    run.arrived_block = 0;
    release(0, block.size);
  }
  next_turn(self, false);
}

void meet_warp(const char* what, void (*perform)(void* const*), void* operands, const char* file,
               int line) {
  int thread = block.thread;
  int warp = thread / WARP;
  Fiber& self = *run.fibers[thread];
  wait(self, State::AT_WARP, what, file, line);
  self.perform = perform;
  self.operands = operands;
  if (++run.arrived[warp] == WARP) {
    void* lanes[WARP];
    for (int i = 0; i < WARP; i++) {
      Fiber& other = *run.fibers[warp * WARP + i];
      if (other.perform != perform || other.line != line || std::strcmp(other.file, file) != 0) {
        fail("meets its warp in %s at %s:%d, but thread %d does in %s at %s:%d", what, base_name(file),
             line, warp * WARP + i, other.what, base_name(other.file), other.line);
      }
      lanes[i] = other.operands;
    }
    perform(lanes);
    run.arrived[warp] = 0;
    release(warp * WARP, WARP);
  }
  next_turn(self, false);
}

void copy_start(void* shared, const void* global, int bytes) {
  check_aligned(shared, "copies to shared memory", bytes);
  check_aligned(global, "copies from global memory", bytes);
  unsigned char* target = static_cast<unsigned char*>(shared);
  if (target < block.shared || target + bytes > block.shared + block.shared_size) {
    fail("copies %d bytes to %p, which is not in the block's shared memory of %zu bytes", bytes, shared,
         block.shared_size);
  }
  litter(target, bytes);
  run.fibers[block.thread]->groups.back().push_back({shared, global, bytes});
}

void copy_close() { run.fibers[block.thread]->groups.emplace_back(); }

void copy_deliver(int groups_left) {
  auto& groups = run.fibers[block.thread]->groups;
  int closed = static_cast<int>(groups.size()) - 1;
  int delivered = closed > groups_left ? closed - groups_left : 0;
  for (int i = 0; i < delivered; i++) {
    for (const Copy& copy : groups[i]) {
      std::memcpy(copy.shared, copy.global, copy.bytes);
    }
  }
  groups.erase(groups.begin(), groups.begin() + delivered);
}

void perform_nothing(void* const*) {}

void perform_shuffle(void* const* lanes) {
  for (int i = 0; i < WARP; i++) {
    Shuffle& to = *static_cast<Shuffle*>(lanes[i]);
    to.result = static_cast<const Shuffle*>(lanes[to.lane])->value;
  }
}

// Lane l receives bytes 4(l%4).. of row l/4 of each matrix.
void perform_load_matrix_x4(void* const* lanes) {
  for (int i = 0; i < WARP; i++) {
    const LoadMatrix& to = *static_cast<const LoadMatrix*>(lanes[i]);
    for (int m = 0; m < 4; m++) {
      const LoadMatrix& from = *static_cast<const LoadMatrix*>(lanes[8 * m + i / 4]);
      std::memcpy(&to.r[m], from.row + 4 * (i % 4), 4);
    }
  }
}

namespace {

// Which part of the product c[16][8] += a[16][K] * b[K][8] a lane holds, by PTX's figures: with
// g = lane / 4 and t = lane % 4, registers a0..a3 are rows g, g+8, g, g+8 at word t, t, t+4, t+4 of
// eight words a row; b0, b1 are column g at words t, t+4; c0..c3 are (g, 2t), (g, 2t+1), (g+8, 2t),
// (g+8, 2t+1).
template <typename Sum, typename Dot>
void perform_mma(void* const* lanes, Dot dot) {
  uint32_t a[16][8];
  uint32_t b[8][8];
  for (int i = 0; i < WARP; i++) {
    const Mma<Sum>& lane = *static_cast<const Mma<Sum>*>(lanes[i]);
    int g = i / 4;
    int t = i % 4;
    a[g][t] = lane.a[0];
    a[g + 8][t] = lane.a[1];
    a[g][t + 4] = lane.a[2];
    a[g + 8][t + 4] = lane.a[3];
    b[g][t] = lane.b[0];
    b[g][t + 4] = lane.b[1];
  }
  for (int i = 0; i < WARP; i++) {
    const Mma<Sum>& lane = *static_cast<const Mma<Sum>*>(lanes[i]);
    int g = i / 4;
    int t = i % 4;
    for (int j = 0; j < 4; j++) {
      lane.c[j] = dot(a[g + 8 * (j / 2)], b[2 * t + j % 2], lane.c[j]);
    }
  }
}

}  // namespace

void perform_mma_u8s8(void* const* lanes) {
  perform_mma<int>(lanes, [](const uint32_t* a, const uint32_t* b, int c) {
    uint8_t codes[32];
    int8_t weights[32];
    std::memcpy(codes, a, 32);
    std::memcpy(weights, b, 32);
    int sum = 0;
    for (int k = 0; k < 32; k++) {
      sum += codes[k] * weights[k];
    }
    return static_cast<int>(static_cast<uint32_t>(c) + static_cast<uint32_t>(sum));
  });
}

void perform_mma_u4s4(void* const* lanes) {
  perform_mma<int>(lanes, [](const uint32_t* a, const uint32_t* b, int c) {
    int sum = 0;
    for (int k = 0; k < 64; k++) {
      int code = a[k / 8] >> (k % 8 * 4) & 15u;
      int weight = b[k / 8] >> (k % 8 * 4) & 15u;
      sum += code * (weight - (weight & 8) * 2);
    }
    return static_cast<int>(static_cast<uint32_t>(c) + static_cast<uint32_t>(sum));
  });
}

// Products of halves are exact in double precision, and so are sums of sixteen of usual size.
void perform_mma_f16(void* const* lanes) {
  perform_mma<float>(lanes, [](const uint32_t* a, const uint32_t* b, float c) {
    double sum = c;
    for (int k = 0; k < 16; k++) {
      int shift = k % 2 * 16;
      sum += static_cast<double>(half_to_float(static_cast<uint16_t>(a[k / 2] >> shift))) *
             static_cast<double>(half_to_float(static_cast<uint16_t>(b[k / 2] >> shift)));
    }
    return static_cast<float>(sum);
  });
}

std::string launch(const Kernel& kernel, const unsigned (&grid)[3], unsigned threads,
                   std::size_t shared_size, const void* params) {
  std::lock_guard<std::mutex> guard(one_launch);
  run.kernel = &kernel;
  run.failure.clear();
  run.outside = Context();
  run.chance = Chance(seed() ^ digest(kernel.name));
  while (run.fibers.size() < threads) {
    run.fibers.push_back(std::make_unique<Fiber>());
  }
  block.size = static_cast<int>(threads);
  block.shared_size = shared_size;
  // Copies of exact size, so that AddressSanitizer sees every byte beyond.
  std::unique_ptr<unsigned char[]> exact_params(new unsigned char[kernel.params_size]);
  std::memcpy(exact_params.get(), params, kernel.params_size);
  run.params = exact_params.get();
  void* shared = nullptr;
  if (shared_size > 0 && posix_memalign(&shared, 16, shared_size) != 0) {
    return "The emulated GPU found no memory for a block's shared memory.";
  }
  block.shared = static_cast<unsigned char*>(shared);
  uint64_t blocks = static_cast<uint64_t>(grid[0]) * grid[1] * grid[2];
  std::vector<uint64_t> order(blocks);
  std::iota(order.begin(), order.end(), 0);
  for (uint64_t i = blocks; i > 1; i--) {
    std::swap(order[i - 1], order[run.chance.below(static_cast<unsigned>(i))]);
  }
  for (uint64_t i = 0; i < blocks && run.failure.empty(); i++) {
    block.index[0] = static_cast<int>(order[i] % grid[0]);
    block.index[1] = static_cast<int>(order[i] / grid[0] % grid[1]);
    block.index[2] = static_cast<int>(order[i] / grid[0] / grid[1]);
    run_block();
  }
  std::free(shared);
  if (!run.failure.empty()) {
    // Fibers were left where they stood.
    for (auto& fiber : run.fibers) {
#if defined(__SANITIZE_ADDRESS__)
      if (fiber->context.stack != nullptr) {
        __asan_unpoison_memory_region(fiber->context.stack, STACK);
      }
#endif
      fiber->groups.clear();
    }
  }
  return run.failure;
}

}  // namespace emulation
