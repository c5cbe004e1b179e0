String log = new File(basedir, "build.log").getText("UTF-8")
def labels = log.readLines().findAll { it.contains("label=") }.collect { it.replaceAll(".*label=", "") }
assert labels.size() == 33
assert labels.count("star") > 16
