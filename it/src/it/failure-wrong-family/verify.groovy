String log = new File(basedir, "build.log").getText("UTF-8")
assert log.contains("BUILD FAILURE")
assert !(log =~ /(?m)^\s+at [\w.$]+\(/)
assert !log.contains("Caused by:")
assert !new File(basedir, "target/ptq4vm/w8a8.jar").exists()
// Named are what was asked for and what the checkpoint holds.
assert log =~ /ERROR.*vmamba/
assert log =~ /ERROR.*\bvim\b/
