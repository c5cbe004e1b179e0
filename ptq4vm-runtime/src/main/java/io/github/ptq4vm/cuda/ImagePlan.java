package io.github.ptq4vm.cuda;

import java.util.List;

/**
 * Planes of normalised floats to pixels.
 *
 * @param planes of an image, in one row
 */
record ImagePlan(ValuePlan planes, int pixels, ValuePlan output) implements LaunchPlan {

  @Override
  public List<ValuePlan> reads() {
    return List.of(planes);
  }

  @Override
  public ValuePlan writes() {
    return output;
  }

  @Override
  public Launch launch(List<LaunchPlan> group, Batch batch) {
    ImageParams params =
        ImageParams.planes(batch.value(planes).data(), batch.value(output), pixels, batch.images());
    return KernelCatalog.image(params);
  }
}
