package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.github.ptq4vm.compiler.Inspection.Fact;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.maven.execution.MavenSession;
import org.eclipse.aether.RepositorySystemSession;
import org.eclipse.aether.artifact.Artifact;
import org.eclipse.aether.repository.LocalRepository;
import org.eclipse.aether.repository.LocalRepositoryManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevicesMojoTest {
  @TempDir Path folder;
  private final RecordingLog log = new RecordingLog();
  private final MavenSession session = mock(MavenSession.class);
  private final LocalRepositoryManager local = mock(LocalRepositoryManager.class);

  @BeforeEach
  void prepare() {
    RepositorySystemSession resolver = mock(RepositorySystemSession.class);
    when(session.getRepositorySession()).thenReturn(resolver);
    when(resolver.getLocalRepositoryManager()).thenReturn(local);
    when(local.getRepository()).thenReturn(new LocalRepository(folder.toFile()));
    when(local.getPathForLocalArtifact(any()))
        .thenAnswer(call -> call.<Artifact>getArgument(0).getArtifactId() + ".jar");
  }

  private Map<String, String> gpu(Map<String, String> environment, boolean windows) {
    return gpu(environment, windows ? "Windows 11" : "Linux", "amd64", false);
  }

  private Map<String, String> gpu(
      Map<String, String> environment, String system, String architecture, boolean natives) {
    return new GpuFindings(folder, environment, system, architecture, natives)
        .find().stream().collect(Collectors.toMap(Fact::name, Fact::value));
  }

  private void file(String name, String text) throws Exception {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  @Test
  @DisplayName("logs a line for each fact of the machine")
  void machine() throws Exception {
    DevicesMojo mojo = new DevicesMojo();
    mojo.setLog(log);
    mojo.session = session;
    mojo.execute();
    assertThat(log.lines)
        .anySatisfy(line -> assertThat(line).matches("info java +\\d.*, in .*"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .matches("info cores +" + Runtime.getRuntime().availableProcessors()))
        .anySatisfy(line -> assertThat(line).matches("info worker memory +\\d+m of heap.*"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .matches(
                        "info devices +auto, cpu, cuda are what a model can be told to run on.*"))
        .anySatisfy(line -> assertThat(line).matches("info gpu +\\S.*"))
        .anySatisfy(line -> assertThat(line).matches("info pytorch +not in the local .*"));
    assertThat(DevicesMojo.cpuKernels(true)).contains("--add-modules jdk.incubator.vector");
    assertThat(DevicesMojo.cpuKernels(false)).startsWith("scalar: this Java has no module");
  }

  @Test
  @DisplayName("says of a machine without a GPU what it has not")
  void noGpu() {
    assertThat(gpu(Map.of(), false))
        .containsEntry("gpu driver library", "none: no libcuda.so.1 is where drivers put it")
        .containsEntry("gpu device files", "none: there is no /dev/nvidia0, nor /dev/dxg")
        .hasEntrySatisfying("gpu driver", text -> assertThat(text).startsWith("none: "))
        .hasEntrySatisfying("gpu", text -> assertThat(text).startsWith("not used: "));
    assertThat(gpu(Map.of(), true)).containsOnlyKeys("gpu driver library", "gpu natives", "gpu");
  }

  @Test
  @DisplayName("finds driver, version and devices by their files, and a library by its variable")
  void files() throws Exception {
    file("usr/lib64/libcuda.so.1", "");
    file("opt/driver/libcuda.so.1", "");
    file("dev/nvidia0", "");
    file("dev/nvidia1", "");
    file("dev/nvidiactl", "");
    file("proc/driver/nvidia/version", "NVRM version:  NVIDIA  580.1\nGCC version: 12\n");
    Map<String, String> facts = gpu(Map.of("LD_LIBRARY_PATH", "relative:/opt/driver"), false);
    assertThat(facts)
        .containsEntry(
            "gpu driver library",
            folder.resolve("opt/driver/libcuda.so.1")
                + ", "
                + folder.resolve("usr/lib64/libcuda.so.1"))
        .containsEntry(
            "gpu device files",
            folder.resolve("dev/nvidia0") + ", " + folder.resolve("dev/nvidia1"))
        .containsEntry("gpu driver", "NVRM version: NVIDIA 580.1");
    file("System32/nvcuda.dll", "");
    assertThat(gpu(Map.of(), true).get("gpu driver library")).endsWith("nvcuda.dll");
  }

  @Test
  @DisplayName("gives the dependency that a GPU needs, and knows where there is none")
  void natives() throws Exception {
    file("usr/lib64/libcuda.so.1", "");
    file("dev/nvidia0", "");
    String xml =
        "<dependency><groupId>org.jcuda</groupId><artifactId>jcuda-natives</artifactId>"
            + "<version>12.6.0</version><classifier>linux-x86_64</classifier></dependency>";
    assertThat(gpu(Map.of(), "Linux", "amd64", false))
        .hasEntrySatisfying("gpu natives", text -> assertThat(text).contains("not on", xml))
        .hasEntrySatisfying("gpu", text -> assertThat(text).contains("if it has jcuda-natives"));
    assertThat(gpu(Map.of(), "Linux", "amd64", true).get("gpu natives"))
        .startsWith("org.jcuda:jcuda-natives:12.6.0:linux-x86_64 is on the class path");
    assertThat(gpu(Map.of(), "Windows 11", "amd64", false).get("gpu natives"))
        .contains("<classifier>windows-x86_64</classifier>");
    assertThat(gpu(Map.of(), "Linux", "aarch64", false))
        .containsEntry(
            "gpu natives",
            "none: org.jcuda:jcuda-natives:12.6.0 is published for linux-x86_64 and windows-x86_64,"
                + " not for Linux on aarch64, so models run on the processor")
        .hasEntrySatisfying("gpu", text -> assertThat(text).startsWith("not used: JCuda has no"));
    assertThat(JcudaNatives.areOnClassPath("Linux", "aarch64")).isFalse();
    assertThat(JcudaNatives.areOnClassPath("Linux", "amd64")).isFalse();
    // As the class LibUtils of JCuda composes them.
    assertThat(JcudaNatives.resource("linux-x86_64", "12.6.0"))
        .isEqualTo("lib/libJCudaDriver-12.6.0-linux-x86_64.so");
    assertThat(JcudaNatives.resource("windows-x86_64", "12.6.0"))
        .isEqualTo("lib/JCudaDriver-12.6.0-windows-x86_64.dll");
  }

  @Test
  @DisplayName("knows which of PyTorch's jars are there, and where it was unpacked")
  void pytorch() throws Exception {
    PytorchNatives natives = new PytorchNatives("linux-x86_64");
    String version = BuildFacts.load().pytorchNative();
    assertThat(natives.missing(local)).hasSize(2);
    file("pytorch-jni.jar", "");
    assertThat(natives.missing(local))
        .extracting(Artifact::toString)
        .containsExactly("ai.djl.pytorch:pytorch-native-cpu:jar:linux-x86_64:" + version);
    file("pytorch-native-cpu.jar", "");
    assertThat(natives.missing(local)).isEmpty();

    assertThat(natives.unpacked(Map.of(), folder)).isEmpty();
    String unpacked = version + "-cpu-linux-x86_64";
    file(".djl.ai/pytorch/" + unpacked + "/libtorch.so", "");
    file(".djl.ai/pytorch/1.0.0-cpu-linux-x86_64/libtorch.so", "");
    assertThat(natives.unpacked(Map.of(), folder))
        .contains(folder.resolve(".djl.ai/pytorch").resolve(unpacked));
    Map<String, String> elsewhere = Map.of("ENGINE_CACHE_DIR", folder.resolve("e").toString());
    assertThat(natives.unpacked(elsewhere, folder)).isEmpty();
    file("e/pytorch/" + unpacked + "/x", "");
    assertThat(natives.unpacked(elsewhere, folder))
        .contains(folder.resolve("e/pytorch").resolve(unpacked));
    assertThat(List.of("linux-aarch64"))
        .allSatisfy(
            other -> assertThat(new PytorchNatives(other).unpacked(Map.of(), folder)).isEmpty());
  }
}
