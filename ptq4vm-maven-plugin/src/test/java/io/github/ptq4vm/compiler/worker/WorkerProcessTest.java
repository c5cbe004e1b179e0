package io.github.ptq4vm.compiler.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.Device;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.VerifyRequest;
import io.github.ptq4vm.compiler.VerifyResult;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkerProcessTest {
  @TempDir Path directory;
  private final RecordingListener listener = new RecordingListener();

  static WorkerProcess worker(Path directory, String memory) {
    List<Path> classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(Path::of)
            .toList();
    return new WorkerProcess(
        new WorkerSettings(
            WorkerSettings.currentJava(), classPath, memory, List.of("-Da.b=c d\\e"), 3, directory),
        TestWorkerMain.class.getName(),
        TestVerifyMain.class.getName());
  }

  private CompileResult run(String behaviour) throws Exception {
    return worker(directory.resolve("a folder"), "64m")
        .compile(Requests.request(behaviour), listener);
  }

  @Test
  @DisplayName("passes messages, progress and the result on, in order")
  void work() throws Exception {
    assertThat(run("work")).isEqualTo(Requests.result("work"));
    assertThat(listener.heard)
        .hasSizeBetween(4, 5)
        .endsWith("learn 3/3 steps")
        .contains("warn careful: é", "learn 1/3 steps");
    assertThat(listener.heard.get(0)).startsWith("info pid ");
  }

  @Test
  @DisplayName("brings the request of a verification to the worker, and its result back")
  void verification() throws Exception {
    VerifyRequest request =
        new VerifyRequest(
            Path.of("m.pth"),
            "auto",
            Path.of("images"),
            List.of(Path.of("é w8a8.jar")),
            Device.CUDA,
            2);
    VerifyResult result = worker(directory, "64m").verify(request, listener);
    assertThat(result.models()).hasSize(1);
    assertThat(result.models().get(0).model()).isEqualTo(request.toString());
    assertThat(result.models().get(0).packaged()).isEqualTo(new VerifyResult.Accuracy(0.5, 1));
    assertThat(listener.heard).containsExactly("info verifying");
  }

  @Test
  @DisplayName("leaves the request and the argument file for a replay")
  void replay() throws Exception {
    run("work");
    Path folder = directory.resolve("a folder");
    assertThat(
            WorkerJson.read(
                folder.resolve("request.json"), io.github.ptq4vm.compiler.CompileRequest.class))
        .isEqualTo(Requests.request("work"));
    Process again =
        new ProcessBuilder(
                WorkerSettings.currentJava().toString(), "@" + folder.resolve("worker.args"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(new String(again.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains("\"event\":\"done\"");
  }

  @Test
  @DisplayName("keeps native output apart from events, even in the middle of a line")
  @DisabledOnOs(OS.WINDOWS)
  void noise() throws Exception {
    run("noise");
    assertThat(listener.heard).containsExactly("info after half a line");
    assertThat(Files.readString(directory.resolve("a folder/worker.log")))
        .contains("printed by Java", "half a line", "forged");
  }

  @Test
  @DisplayName("sets the environment PyTorch needs")
  void environment() throws Exception {
    run("environment");
    assertThat(listener.heard).hasSize(1);
    assertThat(listener.heard.get(0)).startsWith("info PASSIVE 3 true true c d\\e true 6");
  }

  @Test
  @DisplayName("turns a user's problem into an exception with the same message")
  void userError() {
    assertThatThrownBy(() -> run("user error"))
        .isExactlyInstanceOf(CompileException.class)
        .hasMessage("The checkpoint is no checkpoint.");
  }

  @Test
  @DisplayName("shows the end of the log when the compiler breaks")
  void defect() {
    assertThatThrownBy(() -> run("defect"))
        .isExactlyInstanceOf(WorkerException.class)
        .hasMessageContaining("status 70")
        .hasMessageContaining("broken invariant")
        .hasMessageContaining("worker.args");
  }

  @Test
  @DisplayName("shows the end of the log when the JVM dies")
  void crash() {
    assertThatThrownBy(() -> run("halt"))
        .isExactlyInstanceOf(WorkerException.class)
        .hasMessageContaining("status 134")
        .hasMessageContaining("last words");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"memory", "memory, deep in another thread", "memory, taken for an image's fault"})
  @DisplayName("names <workerMemory> when the heap was too small, however long the stack trace is")
  void memory(String behaviour) {
    assertThatThrownBy(() -> run(behaviour))
        .isExactlyInstanceOf(WorkerException.class)
        .hasMessageContaining("heap of 64m was too small")
        .hasMessageContaining("<workerMemory>")
        .hasMessageContaining("a smaller <batch>");
  }

  @Test
  @DisplayName("names no parameter of the goal quantize when a verification's heap was too small")
  void verificationMemory() {
    VerifyRequest request =
        new VerifyRequest(Path.of("m"), "memory", Path.of("i"), List.of(), Device.CPU, 2);
    assertThatThrownBy(() -> worker(directory, "64m").verify(request, listener))
        .isExactlyInstanceOf(WorkerException.class)
        .hasMessageContaining(
            "heap of 64m was too small: give it more with <workerMemory>, e.g. 8g. ")
        .hasMessageNotContaining("<batch>");
  }

  @Test
  @DisplayName("kills the worker when the calling thread is interrupted")
  void interrupt() throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                run("sleep");
              } catch (Exception e) {
                thrown.set(e);
              }
            });
    caller.start();
    ProcessHandle child = ProcessHandle.of(pid()).orElseThrow();
    assertThat(child.isAlive()).isTrue();
    caller.interrupt();
    caller.join(10_000);
    assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
    child.onExit().get(10, TimeUnit.SECONDS);
  }

  private long pid() throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (listener.heard.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    return Long.parseLong(listener.heard.get(0).substring("info pid ".length()));
  }

  @Test
  @DisplayName("ends when its parent is killed")
  void orphan() throws Exception {
    Process parent =
        new ProcessBuilder(
                WorkerSettings.currentJava().toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LauncherMain.class.getName(),
                directory.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(parent.getInputStream(), StandardCharsets.UTF_8))) {
      long pid = Long.parseLong(out.readLine().substring("pid ".length()));
      ProcessHandle child = ProcessHandle.of(pid).orElseThrow();
      assertThat(child.isAlive()).isTrue();
      parent.destroyForcibly().waitFor();
      child.onExit().get(10, TimeUnit.SECONDS);
    } finally {
      parent.destroyForcibly();
    }
  }
}
