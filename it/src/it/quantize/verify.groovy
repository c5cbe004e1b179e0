// One jar with the precision as its classifier, in the repository beside the pom and the main jar.
import groovy.json.JsonSlurper
import java.security.MessageDigest
import java.util.zip.ZipEntry
import java.util.zip.ZipFile

File folder = new File(localRepositoryPath, "it/ptq4vm/quantize/1")
File jar = new File(folder, "quantize-1-w8a8.jar")
assert jar.file
assert new File(folder, "quantize-1.jar").file
assert folder.list().findAll { it.endsWith(".jar") }.sort() == ["quantize-1-w8a8.jar", "quantize-1.jar"]

String model = "META-INF/ptq4vm/models/it.ptq4vm/quantize/w8a8/"
new ZipFile(jar).withCloseable { zip ->
  def entries = zip.entries().toList()
  def names = entries*.name
  assert names.containsAll([model + "model.json", model + "weights.safetensors", model + "synset.txt"])
  assert !names.any { it.endsWith(".class") }
  assert entries.findAll { !it.directory }.every { it.method == ZipEntry.STORED }
  assert entries*.time.toUnique().size() == 1
  def manifest = new JsonSlurper().parse(zip.getInputStream(zip.getEntry(model + "model.json")))
  assert manifest.id.groupId == "it.ptq4vm"
  assert manifest.id.variant == "w8a8"
  assert manifest.license == "Apache-2.0"
  assert manifest.calibration.count == 8
}

def result = new JsonSlurper().parse(new File(basedir, "target/ptq4vm/quantize-result.json"))
assert result.calibrationImages == 8
assert result.fp32Top1 > 0.5 && result.fp32Top1 <= 1
assert result.variants.size() == 1
def variant = result.variants[0]
assert variant.name == "w8a8"
assert variant.top1 > 0.5 && variant.top1 <= 1
assert variant.bytes == jar.length()
assert variant.sha256 == MessageDigest.getInstance("SHA-256").digest(jar.bytes).encodeHex().toString()

String log = new File(basedir, "build.log").getText("UTF-8")
assert log =~ /fp32\s+\d+\.\d\d %/
assert log =~ /w8a8\s+\d+\.\d\d %\s+[\d.]+ [KM]iB/
assert !log.contains("does not depend on the runtime")
