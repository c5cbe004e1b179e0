// Java, cores, memory, kernels, why no GPU is used, and PyTorch, in one line each.
String log = new File(basedir, "build.log").getText("UTF-8")
def facts = { String name ->
  log.readLines().findAll { it =~ /INFO\] ${name}  / }.collect { it.replaceAll(/.*INFO\] ${name}\s+/, "") }
}
assert facts("java").size() == 2
assert facts("cores")[0].toInteger() == Runtime.runtime.availableProcessors()
assert facts("worker memory")[0] =~ /^\d+m of heap/
assert facts("devices")[0].startsWith("auto, cpu, cuda are what a model can be told to run on")
assert facts("cpu kernels")[0].contains("jdk.incubator.vector")
assert facts("gpu").size() == 2
assert facts("gpu natives")[0].contains("jcuda-natives")
assert facts("gpu natives")[1] =~ /^none: .*on none, so models run on the processor/
assert facts("pytorch")[0] =~ /^(in|not in) the local repository/
assert facts("pytorch")[1] =~ /^none: Models cannot be quantized on this platform .*none/
assert !new File(basedir, "no-project/target").exists()
