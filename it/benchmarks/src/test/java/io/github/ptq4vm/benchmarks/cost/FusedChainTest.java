package io.github.ptq4vm.benchmarks.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.benchmarks.synthetic.RecipePlan;
import io.github.ptq4vm.benchmarks.synthetic.ReleasedSize;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.VMamba.Generation;
import io.github.ptq4vm.network.VisionMamba;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FusedChainTest {
  // Residual stream of 8 channels, 16 inner ones, 4 states, rank 2, patches of 4 x 4 on 8 x 8.
  private static final int TOKENS = 5;
  private static final Network TINY = new VisionMamba(8, 16, 1, 4, 2, 4, 4, 4, 8, 10).network();

  private static Launch launch(List<Launch> launches, FusedKernel kernel) {
    return launches.stream().filter(one -> one.kernel() == kernel).findFirst().orElseThrow();
  }

  private static Work total(List<Launch> launches) {
    return launches.stream().map(Launch::work).reduce(Work.NONE, Work::plus);
  }

  @Test
  void aTinyVimRunsOneKernelAStageAndTwoForTheEdges() {
    List<Launch> launches = FusedChain.of(RecipePlan.PTQ4VM.apply(TINY, 8, 8));

    assertThat(launches.stream().map(one -> one.kernel().letter()).collect(Collectors.joining()))
        .isEqualTo("habcdeh");
  }

  @Test
  void bytesOfATinyVimAreThoseCountedByHand() {
    List<Launch> launches = FusedChain.of(RecipePlan.PTQ4VM.apply(TINY, 8, 8));

    // Residual in; x and z out, all in half precision.
    assertThat(launch(launches, FusedKernel.IN_PROJ).work().activationBytes())
        .isEqualTo(TOKENS * (8 * 2 + 32 * 2));
    // x in; u of both directions out.
    assertThat(launch(launches, FusedKernel.CONVOLUTION).work().activationBytes())
        .isEqualTo(TOKENS * (16 * 2 + 2 * 16 * 2));
    // Both u in; steps, B and C of both directions out in single precision.
    assertThat(launch(launches, FusedKernel.X_PROJ).work().activationBytes())
        .isEqualTo(TOKENS * 2 * (16 * 2 + (2 + 4 + 4) * 4));
    // The same in; y of both directions out.
    assertThat(launch(launches, FusedKernel.SCAN).work().activationBytes())
        .isEqualTo(TOKENS * 2 * (16 * 2 + (2 + 4 + 4) * 4 + 16 * 2));
    // Both y, z and the residual in; the residual out.
    assertThat(launch(launches, FusedKernel.OUT_PROJ).work().activationBytes())
        .isEqualTo(TOKENS * (2 * 16 * 2 + 16 * 2 + 8 * 2 + 8 * 2));
    // A byte a colour in, the residual stream out.
    assertThat(launches.get(0).work().activationBytes()).isEqualTo(8 * 8 * 3 + TOKENS * 8 * 2);
    // The class token in, ten logits in single precision out.
    assertThat(launches.get(6).work().activationBytes()).isEqualTo(8 * 2 + 10 * 4);
  }

  @Test
  void weightsOfATinyVimAreThoseCountedByHand() {
    List<Launch> eight = FusedChain.of(RecipePlan.PTQ4VM.apply(TINY, 8, 8));
    List<Launch> four = FusedChain.of(RecipePlan.AUTO.apply(TINY, 4, 4));

    // Codes, steps of the weight, factors and steps and zero points of the input, the norm.
    assertThat(launch(eight, FusedKernel.IN_PROJ).work().weightBytes())
        .isEqualTo(32 * 8 + 32 * 4 + 8 * 4 + TOKENS * 5 + 8 * 4);
    // Two codes a byte, and one share instead of the steps.
    assertThat(launch(four, FusedKernel.IN_PROJ).work().weightBytes())
        .isEqualTo(32 * 8 / 2 + 32 * 4 + 8 * 4 + 4 + 8 * 4);
    // Patches, class token and positions: the matrix in half precision.
    assertThat(eight.get(0).work().weightBytes())
        .isEqualTo(8 * 48 * 2 + 8 * 4 + 8 * 4 + TOKENS * 8 * 4);
  }

  @Test
  void operationsOfATinyVimAreThoseCountedByHand() {
    List<Launch> launches = FusedChain.of(RecipePlan.PTQ4VM.apply(TINY, 8, 8));

    assertThat(launch(launches, FusedKernel.IN_PROJ).work())
        .extracting(Work::integerMultiplyAdds, Work::halfMultiplyAdds, Work::exponentials)
        .containsExactly(TOKENS * 8 * 32L, 0L, 0L);
    assertThat(launch(launches, FusedKernel.IN_PROJ).work().floatOperations())
        .isEqualTo(TOKENS * (3 * 8 + 6 * 8 + 4 * 32));
    assertThat(launch(launches, FusedKernel.CONVOLUTION).work())
        .extracting(Work::floatOperations, Work::exponentials)
        .containsExactly(TOKENS * 2L * 16 * (4 + 4), TOKENS * 2L * 16);
    // A step a channel, an exponential a state; dt_proj quantizes two and scales sixteen.
    assertThat(launch(launches, FusedKernel.SCAN).work())
        .extracting(Work::integerMultiplyAdds, Work::floatOperations, Work::exponentials)
        .containsExactly(
            TOKENS * 2L * 2 * 16,
            TOKENS * 2L * (16 * (5 + 2 + 4 * 4) + 6 * 2 + 4 * 16),
            TOKENS * 2L * 16 * (1 + 4));
    assertThat(launches.get(0).work().halfMultiplyAdds()).isEqualTo(4L * 8 * 48);
  }

  @Test
  void autoAddsTheSearchForRangesAndTheRotationAndNoBytes() {
    List<Launch> plain = FusedChain.of(RecipePlan.PTQ4VM.apply(TINY, 8, 8));
    List<Launch> auto = FusedChain.of(RecipePlan.AUTO.apply(TINY, 8, 8));

    assertThat(total(auto).activationBytes()).isEqualTo(total(plain).activationBytes());
    // in_proj, x_proj and dt_proj of two directions, out_proj; out_proj's rotation is 16 x (1 + 4).
    assertThat(total(auto).floatOperations() - total(plain).floatOperations())
        .isEqualTo(TOKENS * (2 * (8 + 2 * 16 + 2 * 2 + 16) + 16 * 5));
  }

  @Test
  void aRotationOfThreeTimesAPowerOfTwoHasADenseFactor() {
    assertThat(Arithmetic.rotation(384)).isEqualTo(384 * (1 + 5 + 12));
    assertThat(Arithmetic.rotation(256)).isEqualTo(256 * (1 + 8));
  }

  @Test
  void anMlpPassesCodesWhereItsSecondHalfIsStaticAndNotRotated() {
    Network network =
        new VMamba(32, 32, 10, List.of(new VMamba.Stage(8, 1, 8, 2, 32)), 1, Generation.V2)
            .network();
    int tokens = 8 * 8;
    int residual = 8 * 2;

    Launch codes = launch(FusedChain.of(RecipePlan.PTQ4VM.apply(network, 8, 8)), FusedKernel.FC1);
    Launch nibbles = launch(FusedChain.of(RecipePlan.PTQ4VM.apply(network, 4, 4)), FusedKernel.FC1);
    Launch halves = launch(FusedChain.of(RecipePlan.AUTO.apply(network, 8, 8)), FusedKernel.FC1);

    assertThat(codes.work().activationBytes()).isEqualTo(tokens * (residual + 32));
    assertThat(nibbles.work().activationBytes()).isEqualTo(tokens * (residual + 32 / 2));
    assertThat(halves.work().activationBytes()).isEqualTo(tokens * (residual + 32 * 2));
  }

  @Test
  void fourDirectionsReadOneGridOnce() {
    Network network =
        new VMamba(32, 32, 10, List.of(new VMamba.Stage(8, 1, 8, 2, 32)), 1, Generation.V2)
            .network();
    List<Launch> launches = FusedChain.of(RecipePlan.AUTO.apply(network, 8, 8));
    int tokens = 8 * 8;

    assertThat(launch(launches, FusedKernel.X_PROJ).work().activationBytes())
        .isEqualTo(tokens * (8 * 2 + 4 * (2 + 1 + 1) * 4));
    assertThat(launch(launches, FusedKernel.SCAN).work().activationBytes())
        .isEqualTo(tokens * (8 * 2 + 4 * (2 + 1 + 1) * 4 + 4 * 8 * 2));
    // Two convolutions of the stem, seven of the block, the mean, the head.
    assertThat(launches.stream().map(one -> one.kernel().letter()).collect(Collectors.joining()))
        .isEqualTo("hhabcdefghh");
  }

  /** Figures of the architectures' own cost tables, in units of a million. */
  @ParameterizedTest
  @CsvSource({
    "vim_tiny, 1249, 1293, 58.10",
    "vim_small, 4764, 4851, 116.2",
    "vim_base, 18591, 18766, 232.4",
    "vmamba_t_s1l8, 4261, 4813, 6.32",
    "vmamba_s_s2l15, 7924, 8499, 16.86",
    "vmamba_b_s2l15, 14072, 15070, 22.48"
  })
  void releasedModelsHaveTheirKnownOperations(
      String name, double quantized, double all, double scanned) {
    Network network = ReleasedSize.of(name).orElseThrow().network();
    Work work = total(FusedChain.of(RecipePlan.PTQ4VM.apply(network, 8, 8)));
    long depthwise =
        network.operations().stream().mapToLong(one -> depthwiseMultiplyAdds(network, one)).sum();
    long states = network.operations().stream().mapToLong(one -> states(network, one)).sum();

    assertThat(work.integerMultiplyAdds() / 1e6).isCloseTo(quantized, within(0.5));
    assertThat((work.integerMultiplyAdds() + work.halfMultiplyAdds() + depthwise) / 1e6)
        .isCloseTo(all, within(0.5));
    assertThat(states / 1e6).isCloseTo(scanned, within(0.05));
    assertThat(work.exponentials()).isGreaterThan(states);
  }

  private static long depthwiseMultiplyAdds(Network network, Operation operation) {
    long size = network.shape(operation.output()).size();
    return operation instanceof Operation.CausalConvolution convolution
        ? size * convolution.width()
        : operation instanceof GridOperation.DepthwiseConvolution2d convolution
            ? size * convolution.kernel() * convolution.kernel()
            : 0;
  }

  private static long states(Network network, Operation operation) {
    return operation instanceof Operation.SelectiveScan scan
        ? (long) network.shape(scan.output()).size() * scan.states()
        : 0;
  }

  @ParameterizedTest
  @ValueSource(strings = {"local_vim_tiny", "local_vssm_tiny", "vmamba_v0_t"})
  void otherFamiliesHaveAChainToo(String name) {
    Network network = FillerModels.byName(name).network();

    List<Launch> launches = FusedChain.of(RecipePlan.AUTO.apply(network, 8, 8));

    assertThat(total(launches).integerMultiplyAdds()).isPositive();
    assertThat(launches.stream().anyMatch(one -> one.kernel() == FusedKernel.ATTENTION))
        .isEqualTo(name.startsWith("local"));
    assertThat(launches).allMatch(one -> one.work().activationBytes() > 0);
  }

  @Test
  void aVimTinyBlockMovesTheBytesOfTheClosedForm() {
    Network network = ReleasedSize.VIM_TINY.network();
    List<Launch> block =
        FusedChain.of(RecipePlan.AUTO.apply(network, 8, 8)).stream()
            .filter(one -> one.section().equals("layers.7"))
            .toList();
    int d = 192;
    int e = 384;
    int low = 12 + 16 + 16;

    // In half: 3 times D, 4 + 3 + 2 + 4 + 3 times E. In single precision: both directions' low,
    // twice.
    assertThat(total(block).activationBytes())
        .isEqualTo(197L * (2 * (3 * d + 2 * e + 3 * e + 2 * e + 4 * e + 3 * e) + 4 * 4 * low));
    assertThat(total(block).activationBytes() / 197).isEqualTo(12608);
  }
}
