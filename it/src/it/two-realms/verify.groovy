assert new File(basedir, "plain/target/ptq4vm/w8a8.jar").file
assert new File(basedir, "extended/target/ptq4vm/w8a8.jar").file
String extended = new File(basedir, "extended/target/ptq4vm/worker.args").text
String plain = new File(basedir, "plain/target/ptq4vm/worker.args").text
assert extended.contains("apiguardian")
assert !plain.contains("apiguardian")
