package io.github.ptq4vm.cpu;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/** The folder of golden values beside the project, if there is one. */
public final class SharedData {
  private SharedData() {}

  /** A fixture as JSON; the test is skipped where there is none. */
  public static JsonObject json(String fixture) throws IOException {
    Path file =
        Stream.of(
                System.getProperty("ptq4vm.shared"),
                System.getenv("PTQ4VM_SHARED"),
                "../../shared",
                "../shared")
            .filter(Objects::nonNull)
            .map(folder -> Path.of(folder, "fixtures", fixture))
            .filter(Files::isRegularFile)
            .findFirst()
            .orElse(null);
    assumeTrue(
        file != null, "There is no " + fixture + ": set -Dptq4vm.shared to the shared folder.");
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }
}
