// What the plugin made and makes no more is gone; other files are as they were.
File folder = new File(basedir, "target/ptq4vm")
assert !new File(folder, "w8a8.jar").exists()
assert new File(folder, "w4a4.jar").file
assert new File(folder, "w6a6.jar").text == "mine"
String log = new File(basedir, "build.log").getText("UTF-8")
assert log.contains("Deleted w8a8.jar of an earlier build")
assert !log.contains("Deleted w4a4.jar")
