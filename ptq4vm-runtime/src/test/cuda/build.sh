#!/bin/sh
# Compiles the kernels for this machine's processor and links them with the emulated driver:
#   build.sh <folder> [flags for the compiler, such as -fsanitize=address]
# makes <folder>/libcuda.so.1 and the program <folder>/emulation_test. What is newer than its sources is
# kept. CXX names the compiler, g++ unless told.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../../main/cuda
out=$1
shift
mkdir -p "$out"
out=$(cd "$out" && pwd)
flags="-std=c++17 -O2 -g -Wall -Wextra -Wno-unknown-pragmas -fPIC -fvisibility=hidden -ffp-contract=off"
flags="$flags -fno-strict-aliasing -DPTQ4VM_EMULATION -I$here -I$kernels"
newest=$(ls -t "$here"/*.h "$here"/build.sh "$kernels"/*.cuh | head -n 1)

objects=""
for source in "$here"/emulation.cpp "$here"/emulated_driver.cpp "$here"/test_kernels.cpp \
    "$here"/native_int4_kernels.cpp "$here"/emulation_test.cpp "$kernels"/*.cu; do
  [ -e "$source" ] || continue
  object=$out/$(basename "$source").o
  if [ ! -e "$object" ] || [ "$source" -nt "$object" ] || [ "$newest" -nt "$object" ]; then
    rm -f "$object"
    # shellcheck disable=SC2086
    ${CXX:-g++} $flags "$@" -x c++ -c "$source" -o "$object"
  fi
  [ "$(basename "$source")" = emulation_test.cpp ] || objects="$objects $object"
done
# shellcheck disable=SC2086
${CXX:-g++} "$@" -shared -Wl,-soname,libcuda.so.1 $objects -o "$out/libcuda.so.new" -lm
${CXX:-g++} "$@" "$out/emulation_test.cpp.o" "$out/emulation.cpp.o" -o "$out/emulation_test" -lm
mv "$out/libcuda.so.new" "$out/libcuda.so.1"
