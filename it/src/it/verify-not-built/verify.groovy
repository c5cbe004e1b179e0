String log = new File(basedir, "build.log").getText("UTF-8")
assert log =~ /ERROR.*There is no .*w8a8.jar to verify yet: build it first.*mvn ptq4vm:quantize ptq4vm:verify/
assert !log.contains("Caused by:")
