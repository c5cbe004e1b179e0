// The generated help names every parameter with its property and its default.
String log = new File(basedir, "build.log").getText("UTF-8")
def parameters = ["alpha", "architecture", "batch", "calibrationDirectory", "calibrationImages",
  "calibrationSelection", "checkpoint", "imageSize", "license", "licenseFile", "outputDirectory",
  "rate", "seed", "skip", "steps", "stride", "synset", "threads", "validationDirectory", "variants",
  "weights", "workerJvmArguments", "workerMemory"]
for (name in parameters) {
  assert log =~ /(?m)^\s+${name}\b/
  assert log.contains("User property: ptq4vm.${name}")
}
assert log =~ /(?m)^\s+preprocessing\b/
assert log =~ /(?m)^\s+metadata\b/
assert log.contains("variants (Default: w8a8)")
assert log.contains("calibrationImages (Default: 256)")
