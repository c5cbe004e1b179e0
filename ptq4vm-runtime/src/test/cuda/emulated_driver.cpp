// libcuda.so.1 without a GPU: the functions of the driver API that the runtime calls, under the names
// that libcuda exports. Device memory is ordinary memory of exact size, filled with garbage. Work given
// to a stream waits until somebody waits for it, so that a missing synchronization shows. Modules hold
// the kernels that were compiled into this library.
//
// Settings come from the environment, PTQ4VM_EMULATION_<NAME>, and can be changed while it runs by
// cuDeviceGetByPCIBusId("emulation NAME=VALUE"):
//   DEVICES     number of devices, 1
//   DRIVER      what cuDriverGetVersion says, 12060
//   CAPABILITY  compute capability, 8.0
//   MEMORY      bytes a device has, 8 GiB
//   REFUSE      code that loading a fat binary gives, 0
//   FAIL        function:code gives the code always, function:code:n at its n-th call from now;
//               several with commas between
// "emulation RESET=1" forgets an error that a launch left behind.
//
// cuDeviceGetAttribute with a negative attribute counts what is alive: -1 device allocations, -2 pinned
// allocations, -3 streams, -4 events, -5 modules, -6 graphs and their instances, -7 retained primary
// contexts, -8 launches so far, -9 how often memory was freed while work that nobody had waited for was
// under way: a real driver waits for it, but does not promise to.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "emulated_launch.h"

#define API extern "C" __attribute__((visibility("default"))) int

namespace {

enum Code {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  UNSUPPORTED_PTX_VERSION = 222,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  LAUNCH_OUT_OF_RESOURCES = 701,
  LAUNCH_FAILED = 719,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
};

using Work = std::function<void()>;

struct Context {
  int device;
  int retained = 0;
};

struct Graph {
  std::vector<Work> work;
};

struct Stream {
  Context* context;
  bool blocking;
  std::vector<Work> queue;
  std::unique_ptr<Graph> capture;
  bool capture_invalid = false;
  int capture_mode = 0;
  std::thread::id capture_thread;
};

struct Event {
  Context* context;
  Stream* stream = nullptr;  // where it was recorded last and may still wait
  bool recorded = false;
  std::chrono::steady_clock::time_point time;
};

struct Module {
  Context* context;
};

struct Function {
  Module* module;
  const emulation::Kernel* kernel;
  int shared_limit = 48 * 1024;
};

struct Failure {
  std::string function;
  int code;
  int countdown;  // 0: always
};

struct Driver {
  std::recursive_mutex mutex;
  std::map<std::string, std::string> settings;
  std::vector<Failure> failures;
  bool initialized = false;
  int broken = 0;  // what a launch left behind
  int launches = 0;
  int freed_under_way = 0;
  std::map<int, Context> contexts;
  std::map<uintptr_t, size_t> memory;
  std::map<uintptr_t, size_t> pinned;
  size_t used = 0;
  std::set<Stream*> streams;
  std::set<Event*> events;
  std::set<Module*> modules;
  std::map<std::pair<Module*, std::string>, std::unique_ptr<Function>> functions;
  std::set<Graph*> graphs;
  Stream legacy{nullptr, true, {}, nullptr, false, 0, {}};
};

Driver& driver() {
  static Driver* instance = new Driver;  // never destroyed: threads may outlive main
  return *instance;
}

thread_local std::vector<Context*> current;

std::string setting(const char* name, const char* otherwise) {
  auto found = driver().settings.find(name);
  if (found != driver().settings.end()) {
    return found->second;
  }
  const char* value = std::getenv((std::string("PTQ4VM_EMULATION_") + name).c_str());
  return value ? value : otherwise;
}

int number(const char* name, const char* otherwise) { return std::atoi(setting(name, otherwise).c_str()); }

size_t total_memory() { return std::strtoull(setting("MEMORY", "8589934592").c_str(), nullptr, 10); }

void read_failures(const std::string& text) {
  driver().failures.clear();
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = std::min(text.find(',', begin), text.size());
    char function[128];
    int code = 0;
    int countdown = 0;
    if (std::sscanf(text.substr(begin, end - begin).c_str(), "%127[^:]:%d:%d", function, &code, &countdown) >= 2) {
      driver().failures.push_back({function, code, countdown});
    }
    begin = end + 1;
  }
}

// The code that a setting wants this call to give, or 0.
int injected(const char* function) {
  for (size_t i = 0; i < driver().failures.size(); i++) {
    Failure& failure = driver().failures[i];
    if (failure.function != function) {
      continue;
    }
    int code = failure.code;
    if (failure.countdown == 0) {
      return code;
    }
    if (--failure.countdown == 0) {
      driver().failures.erase(driver().failures.begin() + static_cast<std::ptrdiff_t>(i));
      return code;
    }
  }
  return 0;
}

// What every call does first. `context`: it needs a current one.
#define ENTER(function, context)                                        \
  std::lock_guard<std::recursive_mutex> guard(driver().mutex);          \
  if (int code = enter(function, context)) return code

int enter(const char* function, bool context) {
  if (int code = injected(function)) {
    return code;
  }
  if (!driver().initialized) {
    return NOT_INITIALIZED;
  }
  if (driver().broken) {
    return driver().broken;
  }
  if (context && (current.empty() || current.back()->retained == 0)) {
    return INVALID_CONTEXT;
  }
  return SUCCESS;
}

void drain(Stream& stream) {
  std::vector<Work> queue;
  queue.swap(stream.queue);
  for (Work& work : queue) {
    if (driver().broken) {
      return;
    }
    work();
  }
}

void drain_all() {
  drain(driver().legacy);
  for (Stream* stream : driver().streams) {
    drain(*stream);
  }
}

// Memory goes, and nothing may use it afterwards.
void drain_to_free() {
  bool under_way = !driver().legacy.queue.empty();
  for (Stream* stream : driver().streams) {
    under_way = under_way || !stream->queue.empty();
  }
  driver().freed_under_way += under_way;
  drain_all();
}

// The null stream waits for the streams that are not declared independent of it.
void drain_blocking() {
  drain(driver().legacy);
  for (Stream* stream : driver().streams) {
    if (stream->blocking) {
      drain(*stream);
    }
  }
}

// Calls that may wait are forbidden while somebody captures: anywhere in mode 0, in the same thread
// in mode 1.
int unsafe_call() {
  for (Stream* stream : driver().streams) {
    if (stream->capture && (stream->capture_mode == 0 || (stream->capture_mode == 1 && stream->capture_thread ==
                                                          std::this_thread::get_id()))) {
      stream->capture_invalid = true;
      return CAPTURE_UNSUPPORTED;
    }
  }
  return SUCCESS;
}

int give(Stream* handle, Work work) {
  Stream* stream = handle ? handle : &driver().legacy;
  if (handle && !driver().streams.count(handle)) {
    return INVALID_HANDLE;
  }
  if (handle && handle->context != current.back()) {
    return INVALID_HANDLE;
  }
  if (stream->capture) {
    stream->capture->work.push_back(std::move(work));
    return SUCCESS;
  }
  if (!handle) {
    drain_blocking();
  } else if (stream->blocking) {
    drain(driver().legacy);
  }
  stream->queue.push_back(std::move(work));
  return SUCCESS;
}

// Whether these bytes lie in one allocation.
bool within(const std::map<uintptr_t, size_t>& allocations, uintptr_t address, size_t size) {
  auto next = allocations.upper_bound(address);
  if (next == allocations.begin()) {
    return false;
  }
  --next;
  return address - next->first <= next->second && size <= next->second - (address - next->first);
}

bool on_device(uintptr_t address, size_t size) { return within(driver().memory, address, size); }
bool is_pinned(const void* address, size_t size) {
  return within(driver().pinned, reinterpret_cast<uintptr_t>(address), size);
}
void* pointer(uintptr_t address) { return reinterpret_cast<void*>(address); }

void* garbage(size_t alignment, size_t size) {
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, size) != 0) {
    return nullptr;
  }
  std::memset(memory, 0x7e, size);  // huge as single precision, not a number as half
  return memory;
}

int opt_in_shared_memory() {
  int major = 8;
  int minor = 0;
  std::sscanf(setting("CAPABILITY", "8.0").c_str(), "%d.%d", &major, &minor);
  if (major == 9 || major == 10) {
    return 227 * 1024;
  }
  if (major == 8 && (minor == 0 || minor == 7)) {
    return 163 * 1024;
  }
  return major >= 8 ? 99 * 1024 : 64 * 1024;
}

void run_kernel(Function* function, const std::vector<unsigned char>& params, const unsigned (&grid)[3],
                unsigned threads, unsigned shared) {
  std::string failure = emulation::launch(*function->kernel, grid, threads, shared, params.data());
  if (!failure.empty()) {
    std::fprintf(stderr, "%s\n", failure.c_str());
    if (std::getenv("PTQ4VM_EMULATION_ABORT")) {
      std::abort();
    }
    driver().broken = LAUNCH_FAILED;
  }
}

}  // namespace

API cuInit(unsigned) {
  std::lock_guard<std::recursive_mutex> guard(driver().mutex);
  if (!driver().initialized) {
    read_failures(setting("FAIL", ""));
  }
  if (int code = injected("cuInit")) {
    return code;
  }
  if (number("DEVICES", "1") == 0) {
    return NO_DEVICE;
  }
  driver().initialized = true;
  return SUCCESS;
}

API cuDriverGetVersion(int* version) {
  std::lock_guard<std::recursive_mutex> guard(driver().mutex);
  if (int code = injected("cuDriverGetVersion")) {
    return code;
  }
  *version = number("DRIVER", "12060");
  return SUCCESS;
}

API cuDeviceGetByPCIBusId(int* device, const char* text) {
  std::lock_guard<std::recursive_mutex> guard(driver().mutex);
  char name[64];
  char value[256] = "";
  if (std::sscanf(text, "emulation %63[^=]=%255[^\n]", name, value) < 1) {
    return INVALID_VALUE;
  }
  *device = 0;
  if (std::strcmp(name, "RESET") == 0) {
    driver().broken = 0;
  } else if (std::strcmp(name, "FAIL") == 0) {
    read_failures(value);
  } else if (value[0] == 0) {
    driver().settings.erase(name);
  } else {
    driver().settings[name] = value;
  }
  return SUCCESS;
}

API cuDeviceGetCount(int* count) {
  ENTER("cuDeviceGetCount", false);
  *count = number("DEVICES", "1");
  return SUCCESS;
}

API cuDeviceGet(int* device, int ordinal) {
  ENTER("cuDeviceGet", false);
  if (ordinal < 0 || ordinal >= number("DEVICES", "1")) {
    return INVALID_DEVICE;
  }
  *device = ordinal;
  return SUCCESS;
}

API cuDeviceGetName(char* name, int length, int) {
  ENTER("cuDeviceGetName", false);
  std::snprintf(name, length, "Emulated GPU");
  return SUCCESS;
}

API cuDeviceGetAttribute(int* value, int attribute, int) {
  ENTER("cuDeviceGetAttribute", false);
  Driver& all = driver();
  int major = 8;
  int minor = 0;
  std::sscanf(setting("CAPABILITY", "8.0").c_str(), "%d.%d", &major, &minor);
  switch (attribute) {
    case 8: *value = 48 * 1024; break;
    case 16: *value = 4; break;
    case 75: *value = major; break;
    case 76: *value = minor; break;
    case 81: *value = opt_in_shared_memory() + 1024; break;
    case 97: *value = opt_in_shared_memory(); break;
    case -1: *value = static_cast<int>(all.memory.size()); break;
    case -2: *value = static_cast<int>(all.pinned.size()); break;
    case -3: *value = static_cast<int>(all.streams.size()); break;
    case -4: *value = static_cast<int>(all.events.size()); break;
    case -5: *value = static_cast<int>(all.modules.size()); break;
    case -6: *value = static_cast<int>(all.graphs.size()); break;
    case -7:
      *value = 0;
      for (auto& entry : all.contexts) {
        *value += entry.second.retained;
      }
      break;
    case -8: *value = all.launches; break;
    case -9: *value = all.freed_under_way; break;
    default: return INVALID_VALUE;
  }
  return SUCCESS;
}

API cuDeviceTotalMem_v2(size_t* bytes, int) {
  ENTER("cuDeviceTotalMem", false);
  *bytes = total_memory();
  return SUCCESS;
}

API cuDevicePrimaryCtxRetain(Context** context, int device) {
  ENTER("cuDevicePrimaryCtxRetain", false);
  auto& found = driver().contexts.emplace(device, Context{device}).first->second;
  found.retained++;
  *context = &found;
  return SUCCESS;
}

API cuDevicePrimaryCtxRelease_v2(int device) {
  ENTER("cuDevicePrimaryCtxRelease", false);
  auto found = driver().contexts.find(device);
  if (found == driver().contexts.end() || found->second.retained == 0) {
    return INVALID_CONTEXT;
  }
  found->second.retained--;
  return SUCCESS;
}

API cuCtxPushCurrent_v2(Context* context) {
  ENTER("cuCtxPushCurrent", false);
  if (context == nullptr || context->retained == 0) {
    return INVALID_CONTEXT;
  }
  current.push_back(context);
  return SUCCESS;
}

API cuCtxPopCurrent_v2(Context** context) {
  std::lock_guard<std::recursive_mutex> guard(driver().mutex);
  if (current.empty()) {
    return INVALID_CONTEXT;
  }
  if (context) {
    *context = current.back();
  }
  current.pop_back();
  return enter("cuCtxPopCurrent", false);
}

API cuCtxGetCurrent(Context** context) {
  ENTER("cuCtxGetCurrent", false);
  *context = current.empty() ? nullptr : current.back();
  return SUCCESS;
}

API cuCtxSynchronize() {
  ENTER("cuCtxSynchronize", true);
  if (int code = unsafe_call()) {
    return code;
  }
  drain_all();
  return driver().broken;
}

API cuMemGetInfo_v2(size_t* free, size_t* total) {
  ENTER("cuMemGetInfo", true);
  *total = total_memory();
  *free = *total > driver().used ? *total - driver().used : 0;
  return SUCCESS;
}

API cuMemAlloc_v2(uintptr_t* address, size_t size) {
  ENTER("cuMemAlloc", true);
  if (size == 0) {
    return INVALID_VALUE;
  }
  if (int code = unsafe_call()) {
    return code;
  }
  if (size > total_memory() || driver().used > total_memory() - size) {
    return OUT_OF_MEMORY;
  }
  void* memory = garbage(256, size);
  if (memory == nullptr) {
    return OUT_OF_MEMORY;
  }
  *address = reinterpret_cast<uintptr_t>(memory);
  driver().memory[*address] = size;
  driver().used += size;
  return SUCCESS;
}

API cuMemFree_v2(uintptr_t address) {
  ENTER("cuMemFree", true);
  auto found = driver().memory.find(address);
  if (found == driver().memory.end()) {
    return INVALID_VALUE;
  }
  if (int code = unsafe_call()) {
    return code;
  }
  drain_to_free();
  driver().used -= found->second;
  driver().memory.erase(found);
  std::free(pointer(address));
  return driver().broken;
}

API cuMemHostAlloc(void** memory, size_t size, unsigned) {
  ENTER("cuMemHostAlloc", true);
  if (int code = unsafe_call()) {
    return code;
  }
  *memory = size == 0 ? nullptr : garbage(4096, size);
  if (*memory == nullptr) {
    return size == 0 ? INVALID_VALUE : OUT_OF_MEMORY;
  }
  driver().pinned[reinterpret_cast<uintptr_t>(*memory)] = size;
  return SUCCESS;
}

API cuMemFreeHost(void* memory) {
  ENTER("cuMemFreeHost", true);
  if (int code = unsafe_call()) {
    return code;
  }
  drain_to_free();
  if (driver().pinned.erase(reinterpret_cast<uintptr_t>(memory)) == 0) {
    return INVALID_VALUE;
  }
  std::free(memory);
  return driver().broken;
}

API cuMemcpyHtoD_v2(uintptr_t to, const void* from, size_t size) {
  ENTER("cuMemcpyHtoD", true);
  if (!on_device(to, size)) {
    return INVALID_VALUE;
  }
  if (int code = unsafe_call()) {
    return code;
  }
  drain_blocking();
  std::memcpy(pointer(to), from, size);
  return driver().broken;
}

API cuMemcpyDtoH_v2(void* to, uintptr_t from, size_t size) {
  ENTER("cuMemcpyDtoH", true);
  if (!on_device(from, size)) {
    return INVALID_VALUE;
  }
  if (int code = unsafe_call()) {
    return code;
  }
  drain_blocking();
  std::memcpy(to, pointer(from), size);
  return driver().broken;
}

API cuMemcpyHtoDAsync_v2(uintptr_t to, const void* from, size_t size, Stream* stream) {
  ENTER("cuMemcpyHtoDAsync", true);
  if (!on_device(to, size)) {
    return INVALID_VALUE;
  }
  if (is_pinned(from, size)) {
    return give(stream, [=] { std::memcpy(pointer(to), from, size); });
  }
  if (stream && driver().streams.count(stream) && stream->capture) {
    return CAPTURE_UNSUPPORTED;
  }
  // Memory that is not pinned is read before the call returns.
  auto copy = std::make_shared<std::vector<unsigned char>>(size);
  std::memcpy(copy->data(), from, size);
  return give(stream, [=] { std::memcpy(pointer(to), copy->data(), size); });
}

API cuMemcpyDtoHAsync_v2(void* to, uintptr_t from, size_t size, Stream* stream) {
  ENTER("cuMemcpyDtoHAsync", true);
  if (!on_device(from, size)) {
    return INVALID_VALUE;
  }
  bool pinned = is_pinned(to, size);
  if (!pinned && stream && driver().streams.count(stream) && stream->capture) {
    return CAPTURE_UNSUPPORTED;
  }
  if (int code = give(stream, [=] { std::memcpy(to, pointer(from), size); })) {
    return code;
  }
  if (!pinned) {
    drain(stream ? *stream : driver().legacy);
  }
  return driver().broken;
}

API cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t size, Stream* stream) {
  ENTER("cuMemcpyDtoDAsync", true);
  if (!on_device(to, size) || !on_device(from, size)) {
    return INVALID_VALUE;
  }
  return give(stream, [=] { std::memcpy(pointer(to), pointer(from), size); });
}

API cuMemsetD8Async(uintptr_t to, unsigned char value, size_t count, Stream* stream) {
  ENTER("cuMemsetD8Async", true);
  if (!on_device(to, count)) {
    return INVALID_VALUE;
  }
  return give(stream, [=] { std::memset(pointer(to), value, count); });
}

API cuStreamCreate(Stream** stream, unsigned flags) {
  ENTER("cuStreamCreate", true);
  if (flags > 1) {
    return INVALID_VALUE;
  }
  *stream = new Stream{current.back(), flags == 0, {}, nullptr, false, 0, {}};
  driver().streams.insert(*stream);
  return SUCCESS;
}

API cuStreamDestroy_v2(Stream* stream) {
  ENTER("cuStreamDestroy", true);
  if (!driver().streams.count(stream)) {
    return INVALID_HANDLE;
  }
  drain(*stream);
  for (Event* event : driver().events) {
    if (event->stream == stream) {
      event->stream = nullptr;
    }
  }
  driver().streams.erase(stream);
  delete stream;
  return SUCCESS;
}

API cuStreamSynchronize(Stream* stream) {
  ENTER("cuStreamSynchronize", true);
  if (stream && !driver().streams.count(stream)) {
    return INVALID_HANDLE;
  }
  if (stream && stream->capture) {
    stream->capture_invalid = true;
    return CAPTURE_UNSUPPORTED;
  }
  if (int code = unsafe_call()) {
    return code;
  }
  if (!stream) {
    drain_blocking();
  } else {
    drain(*stream);
  }
  return driver().broken;
}

API cuEventCreate(Event** event, unsigned) {
  ENTER("cuEventCreate", true);
  *event = new Event{current.back(), nullptr, false, {}};
  driver().events.insert(*event);
  return SUCCESS;
}

API cuEventDestroy_v2(Event* event) {
  ENTER("cuEventDestroy", true);
  if (!driver().events.count(event)) {
    return INVALID_HANDLE;
  }
  if (event->stream) {
    drain(*event->stream);
  }
  driver().events.erase(event);
  delete event;
  return SUCCESS;
}

API cuEventRecord(Event* event, Stream* stream) {
  ENTER("cuEventRecord", true);
  if (!driver().events.count(event)) {
    return INVALID_HANDLE;
  }
  event->stream = stream;
  event->recorded = false;
  return give(stream, [=] {
    event->recorded = true;
    event->time = std::chrono::steady_clock::now();
  });
}

API cuEventSynchronize(Event* event) {
  ENTER("cuEventSynchronize", true);
  if (!driver().events.count(event)) {
    return INVALID_HANDLE;
  }
  if (int code = unsafe_call()) {
    return code;
  }
  drain(event->stream ? *event->stream : driver().legacy);
  return driver().broken;
}

API cuEventElapsedTime(float* milliseconds, Event* first, Event* last) {
  ENTER("cuEventElapsedTime", false);
  if (!driver().events.count(first) || !driver().events.count(last) || !first->recorded || !last->recorded) {
    return INVALID_HANDLE;
  }
  *milliseconds = std::chrono::duration<float, std::milli>(last->time - first->time).count();
  return SUCCESS;
}

// Text of PTX ends with a zero byte; a driver of CUDA m.n knows PTX m-4.n. What a refusal says goes to
// the buffer for errors, if there is one.
API cuModuleLoadDataEx(Module** module, const void* image, unsigned options, int* names, void** values) {
  ENTER("cuModuleLoadDataEx", true);
  if (int code = unsafe_call()) {
    return code;
  }
  int refused = SUCCESS;
  std::string said;
  const char* text = static_cast<const char*>(image);
  text += std::strspn(text, " \r\n\t");
  uint32_t magic;
  std::memcpy(&magic, image, 4);
  if (magic == 0xba55ed50u) {
    refused = number("REFUSE", "0");
    said = "fat binary refused by a setting";
  } else if (std::strncmp(text, "//", 2) == 0 || text[0] == '.') {
    int major = 0;
    int minor = 0;
    const char* version = std::strstr(text, ".version");
    if (!version || std::sscanf(version, ".version %d.%d", &major, &minor) != 2) {
      refused = INVALID_IMAGE;
    } else if ((major + 4) * 1000 + minor * 10 > number("DRIVER", "12060")) {
      refused = UNSUPPORTED_PTX_VERSION;
      said = "unsupported .version " + std::to_string(major) + "." + std::to_string(minor);
    }
  } else {
    refused = INVALID_IMAGE;
  }
  if (refused) {
    char* log = nullptr;
    size_t size = 0;
    for (unsigned i = 0; i < options; i++) {
      if (names[i] == 5) {
        log = static_cast<char*>(values[i]);
      } else if (names[i] == 6) {
        size = reinterpret_cast<uintptr_t>(values[i]) & 0xffffffffu;
      }
    }
    if (log && size) {
      std::snprintf(log, size, "%s", said.c_str());
    }
    return refused;
  }
  *module = new Module{current.back()};
  driver().modules.insert(*module);
  return SUCCESS;
}

API cuModuleUnload(Module* module) {
  ENTER("cuModuleUnload", true);
  if (!driver().modules.count(module)) {
    return INVALID_HANDLE;
  }
  drain_all();
  auto& functions = driver().functions;
  for (auto i = functions.begin(); i != functions.end();) {
    i = i->first.first == module ? functions.erase(i) : std::next(i);
  }
  driver().modules.erase(module);
  delete module;
  return driver().broken;
}

API cuModuleGetFunction(Function** function, Module* module, const char* name) {
  ENTER("cuModuleGetFunction", true);
  if (!driver().modules.count(module)) {
    return INVALID_HANDLE;
  }
  const emulation::Kernel* kernel = emulation::find(name);
  if (!kernel) {
    return NOT_FOUND;
  }
  auto& found = driver().functions[{module, name}];
  if (!found) {
    found.reset(new Function{module, kernel});
  }
  *function = found.get();
  return SUCCESS;
}

API cuFuncSetAttribute(Function* function, int attribute, int value) {
  ENTER("cuFuncSetAttribute", true);
  if (attribute == 9) {
    return SUCCESS;
  }
  if (attribute != 8 || value < 0 || value > opt_in_shared_memory()) {
    return INVALID_VALUE;
  }
  function->shared_limit = value;
  return SUCCESS;
}

API cuFuncGetAttribute(int* value, int attribute, Function* function) {
  ENTER("cuFuncGetAttribute", true);
  switch (attribute) {
    case 0: *value = function->kernel->threads; break;
    case 3: *value = 0; break;
    case 4: *value = 32; break;
    case 8: *value = function->shared_limit; break;
    default: return INVALID_VALUE;
  }
  return SUCCESS;
}

API cuLaunchKernel(Function* function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                   unsigned block_y, unsigned block_z, unsigned shared, Stream* stream, void** params, void**) {
  ENTER("cuLaunchKernel", true);
  if (grid_x == 0 || grid_y == 0 || grid_z == 0 || grid_y > 65535 || grid_z > 65535 || block_x == 0 ||
      block_y != 1 || block_z != 1 || static_cast<int>(shared) > std::max(function->shared_limit, 48 * 1024)) {
    return INVALID_VALUE;
  }
  if (function->module->context != current.back()) {
    return INVALID_HANDLE;
  }
  // Kernels are written for one size of block.
  if (static_cast<int>(block_x) != function->kernel->threads) {
    return LAUNCH_OUT_OF_RESOURCES;
  }
  const unsigned char* bytes = static_cast<const unsigned char*>(params[0]);
  std::vector<unsigned char> copy(bytes, bytes + function->kernel->params_size);
  driver().launches++;
  return give(stream, [=] {
    const unsigned grid[3] = {grid_x, grid_y, grid_z};
    run_kernel(function, copy, grid, block_x, shared);
  });
}

API cuStreamBeginCapture_v2(Stream* stream, int mode) {
  ENTER("cuStreamBeginCapture", true);
  if (!stream || !driver().streams.count(stream)) {
    return CAPTURE_UNSUPPORTED;
  }
  if (stream->capture) {
    return INVALID_VALUE;
  }
  stream->capture = std::make_unique<Graph>();
  stream->capture_invalid = false;
  stream->capture_mode = mode;
  stream->capture_thread = std::this_thread::get_id();
  return SUCCESS;
}

API cuStreamEndCapture(Stream* stream, Graph** graph) {
  std::lock_guard<std::recursive_mutex> guard(driver().mutex);
  if (int code = enter("cuStreamEndCapture", true)) {
    if (driver().streams.count(stream)) {
      stream->capture.reset();  // it ends the recording in any case
    }
    return code;
  }
  if (!stream || !driver().streams.count(stream) || !stream->capture) {
    return INVALID_VALUE;
  }
  std::unique_ptr<Graph> captured = std::move(stream->capture);
  *graph = nullptr;
  if (stream->capture_invalid) {
    return CAPTURE_INVALIDATED;
  }
  *graph = captured.release();
  driver().graphs.insert(*graph);
  return SUCCESS;
}

API cuGraphInstantiateWithFlags(Graph** instance, Graph* graph, unsigned long long) {
  ENTER("cuGraphInstantiate", true);
  if (!driver().graphs.count(graph)) {
    return INVALID_VALUE;
  }
  *instance = new Graph(*graph);
  driver().graphs.insert(*instance);
  return SUCCESS;
}

API cuGraphUpload(Graph* instance, Stream* stream) {
  ENTER("cuGraphUpload", true);
  return driver().graphs.count(instance) ? give(stream, [] {}) : INVALID_VALUE;
}

API cuGraphLaunch(Graph* instance, Stream* stream) {
  ENTER("cuGraphLaunch", true);
  if (!driver().graphs.count(instance)) {
    return INVALID_VALUE;
  }
  auto work = std::make_shared<std::vector<Work>>(instance->work);
  driver().launches++;
  return give(stream, [=] {
    for (Work& one : *work) {
      if (!driver().broken) {
        one();
      }
    }
  });
}

static int destroy(Graph* graph) {
  if (driver().graphs.erase(graph) == 0) {
    return INVALID_VALUE;
  }
  delete graph;
  return SUCCESS;
}

API cuGraphDestroy(Graph* graph) {
  ENTER("cuGraphDestroy", true);
  return destroy(graph);
}

API cuGraphExecDestroy(Graph* instance) {
  ENTER("cuGraphExecDestroy", true);
  return destroy(instance);
}
