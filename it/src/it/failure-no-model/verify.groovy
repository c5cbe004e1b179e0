String log = new File(basedir, "build.log").getText("UTF-8")
assert log.contains("BUILD FAILURE")
assert !(log =~ /(?m)^\s+at [\w.$]+\(/)
assert !log.contains("Caused by:")
assert !new File(basedir, "target/ptq4vm/w8a8.jar").exists()
assert log =~ /ERROR.*notes\.pth/
