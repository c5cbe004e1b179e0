#!/bin/sh
# Compiles the kernels with nvcc 13:
#   build.sh <folder>
# makes <folder>/kernels.fatbin (machine code of every architecture below), <folder>/kernels.ptx (for
# drivers and GPUs that it does not suit) and <folder>/kernels.json (what they were made from, and the
# registers and spilled bytes of every kernel). All kernels are one translation unit, so that they are
# one module. The same sources and the same nvcc give the same bytes.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
nvcc=${NVCC:-nvcc}
architectures="80 86 89 90 100 120"
# The oldest that has all instructions used. nvcc writes its own, which drivers before it refuse.
ptx_version=7.0
flags="-std=c++17 -fmad=false -Xptxas -warn-spills -frandom-seed=ptq4vm"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here"
for source in *.cu; do
  echo "#include \"$source\""
done >"$work/kernels.cu"

generate=""
for architecture in $architectures; do
  generate="$generate -gencode arch=compute_$architecture,code=sm_$architecture"
done
cd "$work"
# Compressed the way that drivers of CUDA 11 can read, too.
# shellcheck disable=SC2086
"$nvcc" $flags -DPTQ4VM_MACHINE_CODE -I"$here" $generate -Xptxas -v -Xfatbin -compress-all --compress-mode=speed \
  -fatbin kernels.cu -o kernels.fatbin 2>ptxas.log || { cat ptxas.log >&2; exit 1; }
# shellcheck disable=SC2086
"$nvcc" $flags -I"$here" -arch=compute_80 -ptx kernels.cu -o full.ptx
sed -e "s/^\.version .*/.version $ptx_version/" -e '/^\/\//d' -e '/^[[:space:]]*\/\/ begin inline asm/d' \
  -e '/^[[:space:]]*\/\/ end inline asm/d' full.ptx >kernels.ptx

digest() {
  cd "$here"
  for source in *; do
    echo "$(tr -d '\r' <"$source" | sha256sum | cut -d ' ' -f 1) $source"
  done | sha256sum | cut -d ' ' -f 1
}

{
  echo '{'
  echo "  \"sources\": \"$(digest)\","
  echo "  \"nvcc\": \"$("$nvcc" --version | sed -n 's/.*, \(V[0-9.]*\)$/\1/p')\","
  echo "  \"ptxVersion\": \"$ptx_version\","
  echo "  \"architectures\": [$(echo $architectures | sed 's/ /, /g')],"
  echo '  "kernels": ['
  sed -n \
    -e "s/.*Compiling entry function '\([^']*\)' for 'sm_\([0-9]*\)a*'.*/entry \1 \2/p" \
    -e 's/.*bytes stack frame, \([0-9]*\) bytes spill stores, \([0-9]*\) bytes spill loads.*/spill \1 \2/p' \
    -e 's/.*Used \([0-9]*\) registers.*/registers \1/p' ptxas.log |
    awk '$1 == "entry" { name = $2; sm = $3 }
         $1 == "spill" { spill = $2 + $3 }
         $1 == "registers" { print name, sm, $2, spill }' | sort -k1,1 -k2,2n |
    awk '{ printf "%s    {\"name\": \"%s\", \"architecture\": %d, \"registers\": %d, \"spilledBytes\": %d}",
             NR > 1 ? ",\n" : "", $1, $2, $3, $4 } END { print "" }'
  echo '  ]'
  echo '}'
} >kernels.json
mv kernels.fatbin kernels.ptx kernels.json "$out"
