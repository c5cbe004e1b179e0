package io.github.ptq4vm.compiler.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerJsonTest {
  @TempDir Path folder;

  @Test
  @DisplayName("replaces a file at once: who reads the older one reads it to its end")
  void replaces() throws IOException {
    Path file = folder.resolve("a.json");
    WorkerJson.write(file, List.of("older", "one"));
    String older = Files.readString(file);
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      WorkerJson.write(file, List.of("newer"));
      assertThat(reader.lines()).containsExactlyElementsOf(older.lines().toList());
    }
    assertThat(WorkerJson.read(file, String[].class)).containsExactly("newer");
    assertThat(folder.toFile().list()).containsExactly("a.json");
  }

  @Test
  @DisplayName("leaves nothing behind where it cannot write")
  void cannotWrite() throws IOException {
    Path file = folder.resolve("a.json");
    Files.createDirectories(file.resolve("inside"));
    assertThatThrownBy(() -> WorkerJson.write(file, List.of())).isInstanceOf(IOException.class);
    assertThat(folder.toFile().list()).containsExactly("a.json");
  }
}
