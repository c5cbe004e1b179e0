// The same project in two folders gives the same bytes.
for (name in ["w8a8.jar", "w4a4.jar"]) {
  File first = new File(basedir, "first/target/ptq4vm/" + name)
  File second = new File(basedir, "second/target/ptq4vm/" + name)
  assert first.length() > 100000
  assert Arrays.equals(first.bytes, second.bytes)
}
