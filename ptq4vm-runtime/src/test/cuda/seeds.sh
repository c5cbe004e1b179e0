#!/bin/sh
# Runs the kernels' tests on the emulated GPU with other draws of which thread runs next, where each
# finds other missing barriers. One line a seed; the log of a run that fails is kept.
#   seeds.sh <runs> [first seed, 2, as ordinary runs have 1 [tests, the kernels']]
set -eu
runs=${1:?how many seeds}
first=${2:-2}
tests=${3:-*KernelTest}
cd "$(dirname "$0")/../../../.."
logs=ptq4vm-runtime/target/seeds
mkdir -p "$logs"
mvn -B -pl ptq4vm-runtime test-compile > "$logs/compile.log" 2>&1 || { cat "$logs/compile.log"; exit 1; }
failed=0
seed=$first
while [ "$seed" -lt $((first + runs)) ]; do
  log="$logs/seed-$seed.log"
  began=$(date +%s)
  if PTQ4VM_EMULATION_SEED=$seed mvn -B -pl ptq4vm-runtime surefire:test@gpu -Dtest="$tests" > "$log" 2>&1; then
    verdict=passed
  else
    verdict="FAILED, see $log"
    failed=1
  fi
  # The last such line is the sum of all classes.
  sum=$(grep -o 'Tests run: .*' "$log" | tail -n 1 || true)
  echo "seed $seed: $verdict, ${sum:-no tests run}, $(($(date +%s) - began)) s"
  seed=$((seed + 1))
done
exit $failed
