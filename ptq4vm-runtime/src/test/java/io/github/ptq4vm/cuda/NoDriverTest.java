package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.ptq4vm.GpuUnavailableException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Machines without a driver, without a device, or without JCuda's library. */
class NoDriverTest {

  @Test
  void thereIsNoDriver() {
    assumeThat(System.getProperty("os.name")).isEqualTo("Linux");
    assumeThat(haveDriver()).as("this machine has a driver").isFalse();
    String before = System.getProperty("java.io.tmpdir");
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(CudaDrivers::get)
          .isInstanceOf(GpuUnavailableException.class)
          .hasMessage(
              "There is no NVIDIA driver: its library libcuda.so.1 is not on this machine or not on"
                  + " the search path. Install the driver; in a container, start it with --gpus"
                  + " all.");
    }
    assertThat(System.getProperty("java.io.tmpdir")).isEqualTo(before);
  }

  private static boolean haveDriver() {
    return Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib")
        .anyMatch(folder -> Files.exists(Path.of(folder, "libcuda.so.1")));
  }

  @Test
  void nothingIsLeftOfTheLibrary() throws IOException {
    assertThat(PrivateNatives.load(() -> System.getProperty("java.io.tmpdir")))
        .contains("ptq4vm-jcuda-");
    String folder =
        PrivateNatives.load(
            () -> {
              Path unpacked = Path.of(System.getProperty("java.io.tmpdir"), "library.so");
              try {
                return Files.writeString(unpacked, "x").getParent().toString();
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    assertThat(Path.of(folder)).doesNotExist();
  }

  @Test
  void otherFilesStayInTheUsualFolder() throws IOException {
    File other =
        PrivateNatives.load(
            () -> {
              try {
                return File.createTempFile("other-", ".tmp");
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    assertThat(other).exists().hasParent(System.getProperty("java.io.tmpdir"));
    Files.delete(other.toPath());
  }

  @Test
  void adviceFitsTheReason() {
    Map<String, String> reasons =
        Map.of(
            "java.io.IOException: No resource found with name '/lib/libJCudaDriver.so'",
            "org.jcuda:jcuda-natives:12.6.0 with the classifier linux-x86_64",
            "x.so: libcuda.so.1: cannot open shared object file",
            "There is no NVIDIA driver",
            "x.so: failed to map segment from shared object",
            "mounted noexec. Name another one with -Djava.io.tmpdir=",
            "java.io.FileNotFoundException: x.so (No space left on device)",
            "cannot be unpacked to the folder for temporary files",
            "java.lang.NoClassDefFoundError: jcuda/driver/JCudaDriver",
            "Add the dependency org.jcuda:jcuda:12.6.0",
            "something else",
            "cannot be loaded: something else");
    reasons.forEach(
        (said, advice) ->
            assertThat(NativesAdvice.of(said, "Linux", "amd64")).as(said).contains(advice));
    assertThat(NativesAdvice.of("No resource found", "Windows 11", "amd64"))
        .contains("windows-x86_64");
    assertThat(NativesAdvice.of("", "Mac OS X", "aarch64"))
        .isEqualTo(
            "GPUs can be used on Linux and Windows on x86-64, and this is Mac OS X on aarch64.");
  }

  @Test
  void theVersionInTheAdviceIsTheOneWeUse() throws IOException {
    String parent = Files.readString(Path.of("../pom.xml"));
    assertThat(parent).contains("<jcuda.version>12.6.0</jcuda.version>");
    assertThat(List.of(NativesAdvice.of("No resource found", "Linux", "amd64")))
        .allMatch(text -> text.contains(":12.6.0 "));
  }
}
