package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/**
 * oneDNN's product against the reference. Where the processor has no 8 bit dot product, its sums
 * are still exact for few bits, and all but the choice of the provider can be tested with these.
 */
class OneDnnTest {
  private static final String OBSTACLE =
      System.getProperty("os.name").equals("Linux") && System.getProperty("os.arch").equals("amd64")
          ? OneDnnLibrary.obstacle()
          : "no library for this system";

  private static final boolean USABLE = OBSTACLE.isEmpty() || OBSTACLE.contains("not exact");

  private final Scratch scratch = new Scratch();

  @Test
  void findsTheLibraryOnTheClassPath() {
    assertThat(OneDnn.isPresent()).isTrue();
    assumeThat(System.getProperty("os.name") + System.getProperty("os.arch"))
        .isEqualTo("Linuxamd64");
    assertThat(USABLE).as(OBSTACLE).isTrue();
  }

  @Property(tries = 200)
  void quantizedLinear(
      @ForAll @IntRange(min = 1, max = 40) int tokens,
      @ForAll @IntRange(min = 1, max = 400) int in,
      @ForAll @IntRange(min = 1, max = 800) int out,
      @ForAll @IntRange(min = 2, max = 8) int weightBits,
      @ForAll @IntRange(min = 2, max = 8) int inputBits,
      @ForAll boolean withBias,
      @ForAll long seed) {
    assumeThat(USABLE).isTrue();
    // Two products in 16 bits is what is exact everywhere.
    assumeThat(OBSTACLE.isEmpty() || weightBits + inputBits <= 14).isTrue();
    Random random = new Random(seed);
    QuantizedWeights weights =
        KernelParityTest.weights(random, tokens, in, out, weightBits, inputBits, withBias);
    Matrix x = KernelParityTest.view(random, tokens, in);
    Matrix expected = KernelParityTest.view(random, tokens, out);
    Matrix y = KernelParityTest.view(random, tokens, out);
    CpuKernels.QuantizedLinear scalar = Providers.SCALAR.linear(weights);
    CpuKernels.QuantizedLinear oneDnn = new OneDnnQuantizedLinear(weights);
    scalar.apply(x, expected, 0, tokens, scratch);
    oneDnn.apply(x, y, tokens / 3, tokens, scratch);
    oneDnn.apply(x, y, 0, tokens / 3, scratch);
    assertThat(y.copy()).isEqualTo(expected.copy());
    assertThat(oneDnn.trace(x).codes()).isEqualTo(scalar.trace(x).codes());
    assertThat(oneDnn.trace(x).accumulators()).isEqualTo(scalar.trace(x).accumulators());
  }
}
