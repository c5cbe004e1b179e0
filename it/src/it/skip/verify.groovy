String log = new File(basedir, "build.log").getText("UTF-8")
assert log.contains("Skipped, because <skip> or -Dptq4vm.skip is set.")
assert !new File(basedir, "target/ptq4vm").exists()
