package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.Inspection.Fact;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Why a GPU is used or not, as far as can be said without loading a driver: its files. What the
 * runtime itself finds out belongs here too.
 *
 * @param root where the file system begins
 * @param environment variables by name
 * @param system name of the operating system, as Java gives it
 * @param architecture of the processor, as Java gives it
 * @param natives whether JCuda's native library is on the class path
 */
record GpuFindings(
    Path root,
    Map<String, String> environment,
    String system,
    String architecture,
    boolean natives) {
  private static final List<String> LIBRARY_FOLDERS =
      List.of(
          "usr/lib/x86_64-linux-gnu",
          "usr/lib/aarch64-linux-gnu",
          "usr/lib64",
          "usr/lib",
          "usr/lib/wsl/lib",
          "usr/local/nvidia/lib64",
          "usr/local/cuda/compat");

  /** Those of the machine this JVM runs on. */
  static GpuFindings ofThisMachine() {
    String system = System.getProperty("os.name", "");
    String architecture = System.getProperty("os.arch", "");
    return new GpuFindings(
        isWindows(system) ? Path.of(environment("SystemRoot", "C:\\Windows")) : Path.of("/"),
        System.getenv(),
        system,
        architecture,
        JcudaNatives.areOnClassPath(system, architecture));
  }

  private static boolean isWindows(String system) {
    return system.startsWith("Windows");
  }

  private static String environment(String name, String otherwise) {
    String value = System.getenv(name);
    return value == null ? otherwise : value;
  }

  /** The facts, last the one that answers the question. */
  List<Fact> find() {
    List<Fact> facts = new ArrayList<>();
    List<Path> libraries = libraries();
    boolean windows = isWindows(system);
    List<Path> devices = windows ? List.of() : devices();
    facts.add(
        new Fact(
            "gpu driver library",
            libraries.isEmpty()
                ? "none: no " + library() + " is where drivers put it"
                : join(libraries)));
    if (!windows) {
      facts.add(new Fact("gpu driver", driverVersion()));
      facts.add(
          new Fact(
              "gpu device files",
              devices.isEmpty() ? "none: there is no /dev/nvidia0, nor /dev/dxg" : join(devices)));
    }
    facts.add(new Fact("gpu natives", JcudaNatives.describe(system, architecture, natives)));
    facts.add(new Fact("gpu", conclusion(!libraries.isEmpty(), windows || !devices.isEmpty())));
    return facts;
  }

  private String conclusion(boolean library, boolean device) {
    if (JcudaNatives.classifier(system, architecture).isEmpty()) {
      return "not used: JCuda has no native library for this platform; models run on the processor";
    }
    if (!library) {
      return "not used: NVIDIA's driver is not installed, or its library is not visible in this container";
    }
    return device
        ? "driver and device are there; an application uses them if it has jcuda-natives among its"
            + " dependencies, and the runtime's log says whether it does, and why not"
        : "not used: the driver is there, but no device; a container needs one passed in, e.g. with --gpus all";
  }

  private String library() {
    return isWindows(system) ? "nvcuda.dll" : "libcuda.so.1";
  }

  private List<Path> libraries() {
    if (isWindows(system)) {
      return Stream.of(root.resolve("System32").resolve(library())).filter(Files::exists).toList();
    }
    Stream<Path> named =
        Arrays.stream(environment.getOrDefault("LD_LIBRARY_PATH", "").split(File.pathSeparator))
            .filter(folder -> folder.startsWith("/"))
            .map(folder -> root.resolve(folder.substring(1)));
    return Stream.concat(named, LIBRARY_FOLDERS.stream().map(root::resolve))
        .map(folder -> folder.resolve(library()))
        .filter(Files::exists)
        .distinct()
        .toList();
  }

  private List<Path> devices() {
    Path folder = root.resolve("dev");
    List<Path> devices = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "{nvidia[0-9]*,dxg}")) {
        found.forEach(devices::add);
      } catch (IOException e) {
        // A folder that cannot be listed shows no device to anybody else either.
      }
    }
    devices.sort(null);
    return devices;
  }

  private String driverVersion() {
    Path file = root.resolve("proc/driver/nvidia/version");
    try (Stream<String> lines = Files.lines(file, StandardCharsets.UTF_8)) {
      return lines.findFirst().orElse("").replaceAll("\\s+", " ").strip();
    } catch (IOException | java.io.UncheckedIOException e) {
      return String.format(Locale.ROOT, "none: there is no %s", file);
    }
  }

  private static String join(List<Path> paths) {
    return paths.stream().map(Path::toString).collect(Collectors.joining(", "));
  }
}
