// Both models are measured on the same images, and the numbers of both are in the failure.
import groovy.json.JsonSlurper
import java.security.MessageDigest

def digest = { File file ->
  MessageDigest.getInstance("SHA-256").digest(file.bytes).encodeHex().toString()
}
def result = new JsonSlurper().parse(new File(basedir, "target/ptq4vm/verify-w8a8.json"))
File jar = new File(basedir, "target/ptq4vm/w8a8.jar")
assert result.variant == "w8a8"
assert result.model == "it.ptq4vm:verify-gate:1:w8a8"
assert result.images == 400
assert result.classes == 10
// The checkpoint's top-1 as its training script measured it in PyTorch.
assert result.fp32.top1 == 0.925
assert result.fp32.top5 >= result.fp32.top1
assert result.packaged.top1 > 0.8 && result.packaged.top1 < 1
assert result.packaged.top5 >= result.packaged.top1
assert result.agreement > 0.8 && result.agreement <= 1
assert Math.abs(result.accuracyDrop - 100 * (result.fp32.top1 - result.packaged.top1)) < 1e-9
assert result.sha256 == digest(jar)
String percent = String.format(Locale.ROOT, "%.2f %%", 100 * result.packaged.top1)

def logs = new File(basedir, "build.log").getText("UTF-8").split("\\[INFO\\] Scanning for projects")
logs = logs.findAll { it.contains("BUILD") }
assert logs.size() == 4
assert logs[0].contains("BUILD SUCCESS")
assert logs[0] =~ /fp32\s+92.50 %/
assert logs[0] =~ /w8a8\s+${percent}.* cpu\//
assert !logs[0].contains("No limit was checked")
assert logs[1].contains("BUILD SUCCESS")
assert logs[1] =~ /WARNING.*No limit was checked.*mvn ptq4vm:verify@verify/
assert logs[2].contains("BUILD FAILURE")
assert logs[2] =~ /ERROR.*Top-1 of the packaged w8a8 model is ${percent} on 400 images .*92\.50 %.*<minTop1> demands 100 %/
assert !(logs[2] =~ /(?m)^\s+at [\w.$]+\(/)
assert logs[3].contains("BUILD SUCCESS")
assert logs[3].contains("Not verified, because")
// The failure's result was the last one written: the fourth build did not verify.
assert result.passed == false
assert result.minTop1 == 100
assert result.failures.size() == 1
