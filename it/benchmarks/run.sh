#!/bin/sh
# Runs a benchmark: it/benchmarks/run.sh <command> [options]; --help lists them.
# Builds what it runs first, so that figures are never of an old build; PTQ4VM_BUILD=no leaves that
# out. PTQ4VM_HEAP is the largest heap (default 4g), PTQ4VM_THREADS the number of threads (default:
# one a processor), PTQ4VM_SHARED the folder of checkpoints and images (default: beside the project).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
threads=${PTQ4VM_THREADS:-$(getconf _NPROCESSORS_ONLN)}
if [ "${PTQ4VM_BUILD:-yes}" != no ]; then
  mvn -q -B -f "$root/pom.xml" -pl it/benchmarks -am -DskipTests package >&2
fi
# OpenMP's default is to spin, which costs milliseconds a product when cores are shared.
export OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS="$threads"
export PTQ4VM_SHARED="${PTQ4VM_SHARED:-$root/../shared}"
# The worker's own options: see WorkerCommand.
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" --add-modules jdk.incubator.vector \
  -XX:CompileCommand=quiet \
  "-XX:CompileCommand=dontinline,io.github.ptq4vm.compiler.tensor.ScanKernel::*" \
  "-Xmx${PTQ4VM_HEAP:-4g}" -Djava.awt.headless=true -Dai.djl.offline=true -DOPT_OUT_TRACKING=true \
  "-Dai.djl.pytorch.num_threads=$threads" -Dai.djl.pytorch.num_interop_threads=1 \
  "-Dptq4vm.threads=$threads" \
  -cp "$here/target/classes:$(cat "$here/target/classpath.txt")" \
  io.github.ptq4vm.benchmarks.Main "$@"
