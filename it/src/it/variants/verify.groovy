// Several precisions of one checkpoint, from a property; and the advice to carry the runtime.
File folder = new File(basedir, "target/ptq4vm")
def size = [:]
for (name in ["w8a8", "w6a6", "w4a8", "w4a4"]) {
  File jar = new File(folder, name + ".jar")
  assert jar.file
  size[name] = jar.length()
}
assert size.w4a4 < size.w8a8
assert size.w4a8 < size.w6a6
String log = new File(basedir, "build.log").getText("UTF-8")
assert log.contains("<artifactId>ptq4vm-runtime</artifactId>")
assert log.contains("Set <validationDirectory>")
