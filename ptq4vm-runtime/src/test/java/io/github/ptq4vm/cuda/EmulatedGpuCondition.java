package io.github.ptq4vm.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Compiles the emulated driver before the first test that needs it, once a JVM. */
final class EmulatedGpuCondition implements ExecutionCondition {
  private static final Path SCRIPT = Path.of("src/test/cuda/build.sh");

  private static ConditionEvaluationResult ready;

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    String kind = System.getenv().getOrDefault("PTQ4VM_GPU", "none");
    if (kind.equals("real")) {
      return needsEmulation(context)
          ? ConditionEvaluationResult.disabled("Needs the emulated GPU, and there is a real one.")
          : ConditionEvaluationResult.enabled("On a real GPU.");
    }
    return prepare(kind);
  }

  private static boolean needsEmulation(ExtensionContext context) {
    Optional<EmulatedGpu> here =
        AnnotationSupport.findAnnotation(context.getElement(), EmulatedGpu.class);
    return here.map(EmulatedGpu::only).orElse(false);
  }

  private static synchronized ConditionEvaluationResult prepare(String kind) {
    if (ready == null) {
      ready = compile(kind);
    }
    return ready;
  }

  private static ConditionEvaluationResult compile(String kind) {
    List<String> flags = new ArrayList<>();
    if (kind.equals("sanitized")) {
      flags.add("-fsanitize=address");
    } else if (!kind.equals("emulated")) {
      return ConditionEvaluationResult.disabled(
          "This JVM was not started for tests with a GPU: run it through Maven, or set"
              + " PTQ4VM_GPU=emulated and LD_LIBRARY_PATH as pom.xml does.");
    }
    String compiler = System.getenv().getOrDefault("CXX", "g++");
    if (run(List.of(compiler, "--version")) != null) {
      return ConditionEvaluationResult.disabled(
          "There is no compiler " + compiler + " to make an emulated GPU with.");
    }
    List<String> command = new ArrayList<>(List.of("sh", SCRIPT.toString()));
    command.add(System.getenv("LD_LIBRARY_PATH").split(":")[0]);
    command.addAll(flags);
    String failure = run(command);
    if (failure != null) {
      throw new IllegalStateException("The emulated GPU does not compile:\n" + failure);
    }
    return ConditionEvaluationResult.enabled("On an emulated GPU.");
  }

  /** Runs a command; null, or what it said when it failed. */
  private static String run(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("LD_PRELOAD");
    builder.environment().remove("LD_LIBRARY_PATH");
    try {
      Process process = builder.start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? null : said;
    } catch (IOException e) {
      return e.toString();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return e.toString();
    }
  }
}
