package io.github.ptq4vm.compiler;

import io.github.ptq4vm.compiler.checkpoint.Checkpoint;
import io.github.ptq4vm.compiler.checkpoint.Checkpoints;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import io.github.ptq4vm.compiler.checkpoint.ModelImporter;
import io.github.ptq4vm.compiler.checkpoint.SharedFiles;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.LocalVMamba;
import io.github.ptq4vm.network.LocalVim;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.ScanDirection;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.VisionMamba;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

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

  /** Networks of one block on 2 x 3 tokens, one for each kind of block. */
  public enum Block {
    /** Vim, on 5 tokens. */
    VIM,
    /** VMamba of the first generation: patches and a gate. */
    VMAMBA_VANILLA,
    /** VMamba of the second: no gate, an MLP. */
    VMAMBA,
    /** LocalVim with rotary positions and windows that do not fit the grid. */
    LOCAL_VIM,
    /** LocalVim with a class token. */
    LOCAL_VIM_CLASS_TOKEN,
    /** LocalVMamba with windows that do not fit the grid. */
    LOCAL_VMAMBA;

    private static final List<ScanDirection> DIRECTIONS =
        Stream.of("h", "v_flip", "w2", "w2_flip").map(ScanDirection::parse).toList();

    /** The network; its one block is the second section. */
    public Network network() {
      return switch (this) {
        case VIM -> new VisionMamba(12, 20, 1, 3, 2, 4, 8, 8, 16, 5).network();
        case VMAMBA_VANILLA -> vmamba(VMamba.Generation.VANILLA, 0, 3);
        case VMAMBA -> vmamba(VMamba.Generation.V2, 18, 1);
        case LOCAL_VIM -> localVim(false);
        case LOCAL_VIM_CLASS_TOKEN -> localVim(true);
        case LOCAL_VMAMBA ->
            new LocalVMamba(
                    8, 12, 5, List.of(new VMamba.Stage(12, 1, 20, 2, 0)), 3, List.of(DIRECTIONS))
                .network();
      };
    }

    private static Network vmamba(VMamba.Generation generation, int hidden, int states) {
      List<VMamba.Stage> stages = List.of(new VMamba.Stage(12, 1, 20, 2, hidden));
      return new VMamba(8, 12, 5, stages, states, generation).network();
    }

    private static Network localVim(boolean classToken) {
      return new LocalVim(12, 20, 3, 2, 4, 4, 4, 8, 12, 5, classToken, List.of(DIRECTIONS))
          .network();
    }

    /** It with filler weights. */
    public Model model() {
      return FillerModels.fill(network());
    }
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
