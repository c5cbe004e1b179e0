package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.checkpoint.Checkpoint;
import io.github.ptq4vm.compiler.checkpoint.Checkpoints;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.compiler.checkpoint.ModelImporter;
import io.github.ptq4vm.compiler.checkpoint.SharedFiles;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.VisionMamba;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Float models small enough to test with. */
public final class SmallModels {
  /** Name of the linear of {@link #linear}. */
  public static final String LINEAR = "linear";

  private SmallModels() {}

  /** A Vim of three blocks on 17 tokens, with filler weights. */
  public static Model mini() {
    return FillerModels.fill(new VisionMamba(32, 64, 3, 16, 2, 4, 8, 8, 32, 10).network());
  }

  /** The same model from the file its authors' code wrote; skips the test where it is not. */
  public static Model miniFile() {
    try (Checkpoint checkpoint =
        Checkpoints.open(SharedFiles.path("fixtures/mini_vim.pth"), "model")) {
      return ModelImporter.load(checkpoint, ImportOptions.of(32)).model();
    }
  }

  /**
   * A Vim of one block on 5 tokens, whose input and output channels fill no vector evenly.
   *
   * @param dim width of the stream
   * @param inner width inside the block
   * @param states states of the scan
   */
  public static Model block(int dim, int inner, int states) {
    return FillerModels.fill(new VisionMamba(dim, inner, 1, states, 2, 4, 8, 8, 16, 5).network());
  }

  /** One linear without bias, on the tokens of a picture of one row. */
  public static Model linear(int tokens, int in, int out, float[] weight) {
    Network network =
        new Network(
            "linear",
            1,
            tokens,
            List.of(
                new Section(
                    "patch_embed",
                    false,
                    List.of(
                        new GridOperation.Convolution2d(
                            "patch",
                            Network.IMAGE,
                            3,
                            in,
                            1,
                            tokens,
                            1,
                            1,
                            0,
                            "patch.weight",
                            "patch.bias"))),
                new Section(
                    "block",
                    true,
                    List.of(
                        new Operation.Linear(
                            LINEAR, "patch", "in_proj", in, out, "weight", "", true, null))),
                new Section(
                    "head", false, List.of(new TokenOperation.SelectToken("logits", LINEAR, 0)))));
    SortedMap<String, Tensor> parameters = new TreeMap<>(FillerModels.fill(network).parameters());
    parameters.put("weight", new Tensor.Floats(List.of(out, in), weight));
    return new Model(network, parameters);
  }
}
