package io.github.ptq4vm.cuda;

import java.util.List;

/** The mean over tokens. */
record MeanPlan(ValuePlan input, int tokens, int channels, ValuePlan output) implements LaunchPlan {

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
    MeanParams params =
        new MeanParams(batch.value(input), batch.value(output), batch.images(), channels, tokens);
    return KernelCatalog.mean(params);
  }
}
