package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.ptq4vm.network.QuantizedWeights;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** oneDNN's product against the reference, where the library is one for this system. */
class OneDnnTest {
  private static final String OBSTACLE =
      System.getProperty("os.name").equals("Linux") && System.getProperty("os.arch").equals("amd64")
          ? OneDnnLibrary.obstacle()
          : "no library for this system";

  private final Scratch scratch = new Scratch();

  @Test
  void loadsTheLibraryFromTheClassPath() {
    assertThat(OneDnn.isPresent()).isTrue();
    assumeThat(System.getProperty("os.name") + System.getProperty("os.arch"))
        .isEqualTo("Linuxamd64");
    assertThat(OBSTACLE).isEmpty();
  }

  @Test
  void leavesToVectorWhatIsNotExactOrTooSmall() {
    assumeThat(OBSTACLE).isEmpty();
    CpuKernels kernels = new OneDnnKernels();
    Random random = new Random(1);
    assertThat(kernels.linear(KernelParityTest.weights(random, 3, 64, 20, 4, 4, true)))
        .isInstanceOf(OneDnnQuantizedLinear.class);
    assertThat(kernels.linear(KernelParityTest.weights(random, 3, 5, 20, 4, 4, true)))
        .isInstanceOf(VectorQuantizedLinear.class);
    assertThat(
            kernels.linear(KernelParityTest.weights(random, 3, 64, 20, 8, 8, true))
                instanceof OneDnnQuantizedLinear)
        .isEqualTo(OneDnn.hasDotProduct());
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
    assumeThat(OBSTACLE).isEmpty();
    Random random = new Random(seed);
    QuantizedWeights weights =
        KernelParityTest.weights(random, tokens, in, out, weightBits, inputBits, withBias);
    if (!OneDnn.hasDotProduct() && !OneDnnKernels.isExactInPairs(weights)) {
      return;
    }
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
