assert new File(basedir, "target/ptq4vm/w8a8.jar").file
