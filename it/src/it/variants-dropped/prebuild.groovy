// Somebody else's file, which only looks like a variant's jar.
File folder = new File(basedir, "target/ptq4vm")
folder.mkdirs()
new File(folder, "w6a6.jar").text = "mine"
return true
