package io.github.ptq4vm.benchmarks.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContenderTest {

  @Test
  void aUserWithoutAFlagGetsNone() {
    assertThat(Contender.flags(Contender.NO_FLAG)).isEmpty();
    assertThat(Contender.flags("scalar")).contains("-Dptq4vm.cpu.provider=scalar");
    assertThat(Contender.flags(Contender.CHOSEN))
        .containsExactly("--add-modules", "jdk.incubator.vector");
  }

  @Test
  void nativeLibrariesAreThereForThoseThatUseThem() {
    assertThat(Contender.wantsNative("onednn")).isTrue();
    assertThat(Contender.wantsNative(Contender.CHOSEN)).isTrue();
    assertThat(Contender.wantsNative("vector")).isFalse();
    assertThat(Contender.wantsNative(Contender.NO_FLAG)).isFalse();
  }

  @Test
  void peersRunTheirScript() {
    assertThat(Contender.BASE.command(Path.of("folder")))
        .containsExactly("python3", Path.of("folder", "peer.py").toString());
  }

  @Test
  void floatNetworksHaveNoPrecision() {
    List<Contender> lineup =
        LatencyPart.lineup(
            List.of("scalar", "vector"), List.of("auto", Ask.FLOAT), List.of("w8a8", "w4a4"));

    assertThat(lineup)
        .hasSize(2 + 2 * 3)
        .contains(
            new Contender("vector", "auto", "w4a4", null),
            new Contender("scalar", Ask.FLOAT, "", null))
        .doesNotContain(Contender.BASE);
    assertThat(lineup.subList(0, 2)).allMatch(contender -> contender.peer() != null);
  }
}
