// What a checkpoint and a model are, each kind of linear with shape and precision, digests checked.
String log = new File(basedir, "build.log").getText("UTF-8")
def facts = { String name ->
  log.readLines().findAll { it =~ /INFO\] ${name}  / }.collect { it.replaceAll(/.*INFO\] ${name}\s+/, "") }
}
assert facts("kind") == ["checkpoint", "model"]
assert facts("architecture")[0] == "Vim of width 64 and depth 4 (vim)"
assert facts("input")[0].startsWith("64 x 64 pixels")
assert facts("linear.in_proj")[0] ==~ /4 x \[256, 64\] float32/
assert facts("linear.in_proj")[1] =~ /x \[256, 64\] W4A4, /
assert facts(/tensor.layers.#.mixer.in_proj.weight/) == ["4 x [256, 64] F32"]
assert facts("model") == ["it.ptq4vm:inspect-model:1:w4a4"]
assert facts("digests")[0].startsWith("verified")
assert facts("license") == ["Apache-2.0"]
assert facts(/recipe.plan in_proj/).size() == 1
// The jar says which checkpoint it comes from, and that is the one that was inspected.
String sha256 = facts("sha256")[0].replaceAll(" .*", "")
assert facts("checkpoint")[0] == "vim_nano_shapes.pth, sha256 " + sha256
