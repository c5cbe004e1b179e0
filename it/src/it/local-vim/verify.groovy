import groovy.json.JsonSlurper

def result = new JsonSlurper().parse(new File(basedir, "model/target/ptq4vm/quantize-result.json"))
// The model card: 386 of 400.
assert Math.abs(result.fp32Top1 - 0.965) <= 0.005
assert Math.abs(result.variants[0].top1 - result.fp32Top1) <= 0.02

String log = new File(basedir, "build.log").getText("UTF-8")
def labels = log.readLines().findAll { it.contains("label=") }.collect { it.replaceAll(".*label=", "") }
assert labels.size() == 33
assert labels.count("star") > 28
