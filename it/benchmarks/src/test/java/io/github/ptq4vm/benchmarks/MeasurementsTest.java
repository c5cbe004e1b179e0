package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasurementsTest {
  @TempDir Path folder;

  private final AtomicInteger taken = new AtomicInteger();

  private Measured measure() {
    int n = taken.incrementAndGet();
    return new Measured(new Accuracy(92.25, 99.5, 0.00123, 26.5), 92.5, 128, 400, n, 373_000);
  }

  @Test
  void takesWhatItKeptTheLastTime() throws IOException {
    Measured first = new Measurements(folder).get("vim w8a8 Recipe[steps=1]", this::measure);
    assertThat(new Measurements(folder).get("vim w8a8 Recipe[steps=1]", this::measure))
        .isEqualTo(first);
    assertThat(taken).hasValue(1);
    new Measurements(folder).get("vim w8a8 Recipe[steps=2]", this::measure);
    assertThat(taken).hasValue(2);
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void aMeasurementThatFailsIsNotKept() {
    assertThatThrownBy(
            () ->
                new Measurements(folder)
                    .get(
                        "x",
                        () -> {
                          throw new IOException("no");
                        }))
        .hasMessage("no");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void keepsNothingWithoutAFolder() throws IOException {
    Measurements none = new Measurements(null);
    assertThat(List.of(none.get("x", this::measure), none.get("x", this::measure)))
        .extracting(Measured::seconds)
        .containsExactly(1.0, 2.0);
  }

  @Test
  void refusesADamagedFile() throws IOException {
    new Measurements(folder).get("x", this::measure);
    Files.writeString(folder.resolve("x.properties"), "top1=1\n");
    assertThatThrownBy(() -> new Measurements(folder).get("x", this::measure))
        .hasMessageContaining("lacks agreement");
  }
}
