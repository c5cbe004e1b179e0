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

// Without a goal's name, all goals; with details, the parameters of each.
def calls = log.split(/ptq4vm-maven-plugin:[^:\s]+:help/)
assert calls.size() == 4
for (goal in ["devices", "help", "inspect", "quantize", "verify"]) {
  for (call in calls[2..3]) {
    assert call =~ /(?m)^ptq4vm:${goal}$/
  }
}
for (name in ["artifact", "file", "imageSize", "sha256", "maxAccuracyDrop", "minTop1", "device", "scanDirections"]) {
  assert calls[2].contains("User property: ptq4vm.${name}")
  assert !calls[3].contains("User property: ptq4vm.${name}")
}
assert calls[2].contains("User property: ptq4vm.verify.skip")
assert calls[2].contains("skipVerify (Default: false)")
