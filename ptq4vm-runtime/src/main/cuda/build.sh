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
tools=$("$nvcc" --dryrun "$here/mean.cu" 2>&1 | sed -n "s/^#\$ _HERE_=//p")
PATH=$tools:$PATH
# Machine code is made from two PTX: one for architectures with products of four bits, one for those
# without. The PTX that goes into the jar does without, since it may run on either.
architectures="80 86 89 90 100 120"
# The oldest that has all instructions used. nvcc writes its own, which drivers before it refuse.
ptx_version=7.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here"
for source in *.cu; do
  echo "#include \"$source\""
done >"$work/kernels.cu"
cd "$work"

# compile <architecture> <result> [flags]
compile() {
  architecture=$1
  result=$2
  shift 2
  "$nvcc" -std=c++17 -fmad=false -frandom-seed=ptq4vm -I"$here" -arch="compute_$architecture" "$@" \
    -ptx kernels.cu -o "$result"
}
compile 80 80.ptx -DPTQ4VM_MACHINE_CODE &
compile 90 90.ptx -DPTQ4VM_MACHINE_CODE
wait $!
compile 80 portable.ptx
for architecture in $architectures; do
  base=90
  [ "$architecture" -ge 90 ] || base=80
  echo "-arch=sm_$architecture -m64 -v --fmad false $base.ptx -o $architecture.cubin"
done >ptxas.jobs
xargs -P "${JOBS:-2}" -L 1 sh -c 'ptxas "$@" 2>"$1.log" || { cat "$1.log" >&2; exit 255; }' ptxas <ptxas.jobs
cat ./*.log >ptxas.log
# A driver that cannot read this compression does not know this machine code, either, and gets the PTX.
images=$(for a in $architectures; do printf ' --image3=kind=elf,sm=%s,file=%s.cubin' "$a" "$a"; done)
# shellcheck disable=SC2086
fatbinary --create=kernels.fatbin -64 -compress-all --compress-mode=size $images
sed -e "s/^\.version .*/.version $ptx_version/" -e '/^[[:space:]]*\/\//d' portable.ptx >kernels.ptx

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
             (NR > 1 ? ",\n" : ""), $1, $2, $3, $4 } END { print "" }'
  echo '  ]'
  echo '}'
} >kernels.json
mv kernels.fatbin kernels.ptx kernels.json "$out"
