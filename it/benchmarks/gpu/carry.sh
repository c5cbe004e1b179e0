#!/bin/sh
# Packs what the GPU benchmark needs on a machine without Java, Maven and network into the ignored folder
# it/benchmarks/gpu/target/carry: a small JRE, jars and, where they are, checkpoints with golden logits and the trained models of
#     it/benchmarks/run.sh gpu-samples it/benchmarks/gpu/target/samples
# Builds what it packs first; PTQ4VM_BUILD=no leaves that out.
# PTQ4VM_JLINK_HOME is the JDK the JRE is made from (default: JAVA_HOME, or the one on the path); one that needs no
# newer C library than the other machine's. PTQ4VM_SHARED is as for run.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
carry=$here/target/carry
# What can be carried, less the tree that travels with it.
tree=$(cd "$root" && git ls-files -z -co --exclude-standard | xargs -0 du -cb | awk '$2 == "total" { sum += $1 } END { print sum }')
limit=$((64 * 1024 * 1024 - tree))
if [ "${PTQ4VM_BUILD:-yes}" != no ]; then
  mvn -q -B -f "$root/pom.xml" -pl it/benchmarks -am -DskipTests package
fi
jdk=${PTQ4VM_JLINK_HOME:-${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v jlink)")")")}}

rm -rf "$carry" "$here/target/natives"
mkdir -p "$carry/lib"
jre=$here/target/jre
rm -rf "$jre"
"$jdk/bin/jlink" --add-modules java.base,java.logging,java.management,jdk.unsupported,jdk.incubator.vector \
  --strip-debug --no-header-files --no-man-pages --compress=0 --output "$jre" 2>&1 |
  { grep -v -i warning || true; }
# Not compressed by jlink, since xz does it far better.
tar -cf - -C "$here/target" jre | xz -6 > "$carry/jre.tar.xz"
rm -rf "$jre"

# The runtime and this benchmark with what they call; no PyTorch, no DJL, no Maven.
cp "$here"/../target/ptq4vm-benchmarks-*.jar "$carry/lib/"
tr ':' '\n' < "$here/../target/classpath.txt" |
  grep -E '/(ptq4vm-runtime|ptq4vm-maven-plugin|gson|picocli|jspecify|jcuda|jcuda-natives)-[^/]*\.jar$' |
  while read -r jar; do cp "$jar" "$carry/lib/"; done
# Of JCuda's natives only the driver's are called; a compiler is most of the rest.
natives=$(find "$carry/lib" -name 'jcuda-natives-*.jar')
(
  mkdir "$here/target/natives" && cd "$here/target/natives"
  "$jdk/bin/jar" -xf "$natives"
  find lib -type f ! -name 'libJCudaDriver*' -delete
  "$jdk/bin/jar" -cf "$natives" .
)
rm -rf "$here/target/natives"

fixtures=${PTQ4VM_SHARED:-$root/../shared}/fixtures
if [ -d "$fixtures" ]; then
  mkdir "$carry/fixtures"
  for file in mini_vim.pth mini_vmamba_s1.pth golden_vim.json golden_vmamba.json; do
    cp "$fixtures/$file" "$carry/fixtures/"
  done
  chmod -R u+w "$carry/fixtures"
fi
# Made by run.sh gpu-samples; kept between calls, since quantizing takes minutes.
if [ -d "$here/target/samples" ]; then
  mkdir "$carry/samples"
  cp "$here"/target/samples/*.csv "$here"/target/samples/*.jar "$here"/target/samples/*.gz "$carry/samples/"
fi
git -C "$root" describe --always --dirty > "$carry/revision"

size=$(du -sb "$carry" | cut -f1)
echo "$carry: $((size / 1024)) KiB"
if [ "$size" -gt "$limit" ]; then
  echo "That is more than the $((limit / 1024)) KiB that can be carried; leave something out." >&2
  exit 1
fi
