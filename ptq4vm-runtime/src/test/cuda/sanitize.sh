#!/bin/sh
# Runs the tests of the group gpu with kernels and emulated driver under AddressSanitizer: an access
# beyond device memory, shared memory or a struct of arguments ends the JVM with a report.
#   sanitize.sh [arguments for mvn, such as -Dtest=CudaFacadeTest]
set -eu
cd "$(dirname "$0")/../../../.."
library=$(${CXX:-g++} -print-file-name=libasan.so)
mkdir -p ptq4vm-runtime/target
ptq4vm-runtime/src/test/cuda/build.sh ptq4vm-runtime/target/emulation-sanitized -fsanitize=address
ptq4vm-runtime/target/emulation-sanitized/emulation_test
exec mvn -B -pl ptq4vm-runtime test -Psanitize -Dgpu.preload="$(readlink -f "$library")" "$@"
