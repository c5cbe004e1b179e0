#!/bin/sh
# Runs the GPU benchmark where carry.sh's folder was brought to, without Java or Maven, and writes gpu.md, the rows it
# is made of and logs into $OUT (default: target/results beside this file).
#
#     on-device.sh [part ...]      parts: peer-check parity sanitizer peer speed (default: all)
#
# gpu.md is written after each part, so that a run that is cut short leaves what it had. Where a run may not take as
# long as all parts do, `peer speed` belong into one, since their figures are compared. Logs are in logs.tar.gz.
# A part that fails does not stop those after it; the exit status says that one did. PTQ4VM_PARITY, PTQ4VM_SPEED and
# PTQ4VM_PEER are further options of the three programs, e.g. --models=vim_tiny; PTQ4VM_DEVICE is cuda unless set.
set -u
here=$(cd "$(dirname "$0")" && pwd)
carry=$here/target/carry
results=${OUT:-$here/target/results}
device=${PTQ4VM_DEVICE:-cuda}
parts=${*:-peer-check parity sanitizer peer speed}
if [ ! -f "$carry/jre.tar.xz" ]; then
  echo "There is no $carry/jre.tar.xz: run carry.sh first and bring its folder along." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$work/out
mkdir -p "$results" "$out" "$work/tmp"
if command -v xz > /dev/null; then
  xz -dc "$carry/jre.tar.xz" | tar -xf - -C "$work"
else
  python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$carry/jre.tar.xz" "$work"
fi
class_path=$(find "$carry/lib" -name '*.jar' | tr '\n' ':')
package=io.github.ptq4vm.benchmarks.gpu
failed=0

java() {
  "$work/jre/bin/java" --add-modules jdk.incubator.vector -Xmx"${PTQ4VM_HEAP:-16g}" \
    "-Djava.io.tmpdir=$work/tmp" -cp "$class_path" "$@"
}

# part <name> <command ...>: its output goes to a log, its success into the results.
part() {
  name=$1
  shift
  case " $parts " in *" $name "*) ;; *) return ;; esac
  start=$(date +%s)
  "$@"
  status=$?
  [ "$status" = 0 ] && word=passed || { word="FAILED with status $status"; failed=1; }
  echo "$name: $word after $(($(date +%s) - start)) s" | tee -a "$out/parts.log"
  summary
  cp "$out/gpu.md" "$results/"
  tar -czf "$results/logs.tar.gz" -C "$out" .
}

peer_check() {
  fixtures=
  [ -d "$carry/fixtures" ] && fixtures="--fixtures $carry/fixtures"
  python3 "$here/peer.py" --check --device "$device" $fixtures > "$out/peer-check.log" 2>&1
}

parity() {
  samples=
  [ -d "$carry/samples" ] && samples="--samples $carry/samples"
  java "$package.Parity" --device "$device" $samples ${PTQ4VM_PARITY:-} > "$out/parity.md" 2> "$out/parity.log"
}

# Small networks: checked kernels run a hundred times slower. Together they launch every kernel, or parity fails.
sanitize() {
  compute-sanitizer --tool "$1" --error-exitcode 9 --target-processes all \
    "$work/jre/bin/java" --add-modules jdk.incubator.vector -Xmx8g "-Djava.io.tmpdir=$work/tmp" -cp "$class_path" \
    "$package.Parity" --device "$device" --bound 0.1 --variants w8a8,w4a4 --images 3 \
    --models vim_tiny@32,local_vim_tiny@32,local_vssm_tiny@64,vmamba_t_s1l8@32,vim_tiny@32x16,vim_tiny@48x128 > "$out/$1.log" 2>&1
}

sanitizer() {
  memcheck=0
  sanitize memcheck || memcheck=1
  sanitize racecheck && [ "$memcheck" = 0 ]
}

peer() {
  python3 "$here/peer.py" --device "$device" ${PTQ4VM_PEER:-} > "$out/peer.jsonl" 2> "$out/peer.log"
}

speed() {
  java "$package.Speed" --device "$device" ${PTQ4VM_SPEED:-} > "$out/speed.jsonl" 2> "$out/speed.log"
}

summary() {
  {
    echo "Command: \`it/benchmarks/gpu/on-device.sh $parts\`, revision $(cat "$carry/revision")"
    echo "Date: $(date -u +%Y-%m-%d)"
    echo "GPU: $(nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem,power.limit \
      --format=csv,noheader 2> /dev/null || echo none)"
    echo "Peer: $(python3 -c 'import torch; print("PyTorch", torch.__version__)' 2> /dev/null || echo none)"
    echo
    [ -f "$out/parts.log" ] && sed 's/^/* /' "$out/parts.log" && echo
    rows=
    for file in "$out/speed.jsonl" "$out/peer.jsonl"; do [ -f "$file" ] && rows="$rows $file"; done
    [ -n "$rows" ] && java "$package.Summary" $rows
    echo
    [ -f "$out/parity.md" ] && cat "$out/parity.md"
    [ -f "$out/peer-check.log" ] && sed 's/^/    /' "$out/peer-check.log"
    for tool in memcheck racecheck; do
      [ -f "$out/$tool.log" ] && grep "ERROR SUMMARY\|RACECHECK SUMMARY" "$out/$tool.log" | sed "s/^/* $tool: /"
    done
    true
  } > "$out/gpu.md"
}

part peer-check peer_check
part parity parity
part sanitizer sanitizer
part peer peer
part speed speed
exit "$failed"
