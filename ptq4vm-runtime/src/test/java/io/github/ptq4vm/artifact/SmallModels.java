package io.github.ptq4vm.artifact;

import io.github.ptq4vm.image.Preprocessing;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.ElementType;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Parameter;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.VisionMamba;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Models that are small enough to write and damage by the thousand. */
public final class SmallModels {

  public static final Instant TIME = Instant.parse("2026-11-21T00:00:00Z");

  public static final ModelId ID = new ModelId("com.acme.models", "tiny-vim", "1.2.0", "w4a4");

  private SmallModels() {}

  /** Three operations; image of 2 x 2 pixels, three classes. */
  public static ArtifactContent tiny() {
    Network network =
        new Network(
            "tiny",
            2,
            2,
            List.of(
                new Section(
                    "all",
                    false,
                    List.of(
                        new GridOperation.Convolution2d(
                            "patch", Network.IMAGE, 3, 3, 2, 2, 2, 2, 0, "patch.w", "patch.b"),
                        new Operation.Linear(
                            "head",
                            "patch",
                            "head",
                            3,
                            3,
                            "head.w",
                            "head.b",
                            true,
                            Precision.staticPerToken(4, 4))))));
    return content(network, ID, 7);
  }

  /** A random small Vim with random precisions. */
  public static ArtifactContent random(long seed) {
    Random random = new Random(seed);
    int dim = 2 + random.nextInt(4);
    int patch = 2 + random.nextInt(2);
    VisionMamba vim =
        new VisionMamba(
            dim,
            2 * dim,
            1 + random.nextInt(2),
            1 + random.nextInt(3),
            1 + random.nextInt(2),
            2 + random.nextInt(3),
            patch,
            1 + random.nextInt(patch),
            patch + random.nextInt(4),
            1 + random.nextInt(4));
    // Of its own, so that bits do not change when there are more kinds of scales or rotations.
    Random kinds = new Random(~seed);
    Network network =
        vim.network()
            .mapLinears(
                linear ->
                    random.nextInt(4) == 0
                        ? linear
                        : linear.withPrecision(
                            new Precision(
                                2 + random.nextInt(7),
                                2 + random.nextInt(7),
                                one(ActivationScale.values(), kinds),
                                one(Rotation.values(), kinds))));
    return content(network, ID, seed);
  }

  private static <T> T one(T[] values, Random random) {
    return values[random.nextInt(values.length)];
  }

  /** Content around a network, with random parameters that every executor accepts. */
  public static ArtifactContent content(Network network, ModelId id, long seed) {
    Random random = new Random(seed);
    TreeMap<String, Tensor> tensors = new TreeMap<>();
    for (Parameter parameter : network.parameters().values()) {
      tensors.put(parameter.name(), tensor(parameter, random));
    }
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < network.classes(); i++) {
      labels.add("n0" + i + " class, \"" + i + "\" é");
    }
    return new ArtifactContent(
        new ModelDescription(
            id,
            ModelDescription.Quantization.of("ptq4vm", 4, 4, network),
            new ModelDescription.Source("tiny.pth", "0".repeat(64)),
            new ModelDescription.Calibration(256, "1".repeat(64), "stratified", seed),
            new TreeMap<>(Map.of("alpha", "0.5", "steps", "100")),
            new TreeMap<>(Map.of("top1", 0.7512, "agreement", 1e-3)),
            "Apache-2.0",
            new TreeMap<>(Map.of("cpu", "x86-64", "threads", "2", "kernels", "scalar"))),
        new Model(network, tensors),
        Preprocessing.forImageSize(network.height()),
        seed % 3 == 0 ? List.of() : labels,
        "Licence text\n",
        "# Model card\n");
  }

  private static Tensor tensor(Parameter parameter, Random random) {
    int size = Tensor.elements(parameter.shape());
    if (parameter.type() == ElementType.F32) {
      float[] data = new float[size];
      boolean positive = parameter.name().matches(".*(_step|_smoothing|_range)");
      for (int i = 0; i < size; i++) {
        data[i] = positive ? 0.01f + random.nextFloat() : (float) random.nextGaussian();
      }
      return new Tensor.Floats(parameter.shape(), data);
    }
    // Small codes are within the limits of every precision, in both packings.
    byte[] data = new byte[size];
    byte[] codes = {0x00, 0x01, 0x10, 0x11};
    for (int i = 0; i < size; i++) {
      data[i] =
          parameter.type() == ElementType.I8 ? (byte) random.nextInt(2) : codes[random.nextInt(4)];
      if (parameter.name().endsWith("zero_point")) {
        data[i] = (byte) random.nextInt(4);
      }
    }
    return new Tensor.Bytes(parameter.type(), parameter.shape(), data);
  }
}
