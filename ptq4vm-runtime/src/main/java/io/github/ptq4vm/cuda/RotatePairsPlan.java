package io.github.ptq4vm.cuda;

import java.util.List;

/**
 * The rotation of pairs of channels.
 *
 * @param cos address of the cosines
 * @param sin address of the sines
 */
record RotatePairsPlan(
    ValuePlan input, long cos, long sin, int tokens, int channels, ValuePlan output)
    implements LaunchPlan {

  @Override
  public List<ValuePlan> reads() {
    return List.of(input);
  }

  @Override
  public ValuePlan writes() {
    return output;
  }

  @Override
  public Launch launch(List<LaunchPlan> group, Batch batch) {
    RotatePairsParams params =
        new RotatePairsParams(
            batch.value(input), batch.value(output), cos, sin, batch.images(), channels, tokens);
    return KernelCatalog.rotatePairs(params);
  }
}
