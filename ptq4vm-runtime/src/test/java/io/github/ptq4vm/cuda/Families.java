package io.github.ptq4vm.cuda;

import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.LocalVMamba;
import io.github.ptq4vm.network.LocalVim;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.ScanDirection;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.VisionMamba;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** Networks of all families, tiny ones and slices of released ones, and ways to quantize them. */
final class Families {
  private Families() {}

  /** Small enough to run on an emulated GPU. */
  static final Map<String, Network> MINI =
      Map.of(
          "vim", new VisionMamba(24, 48, 2, 16, 3, 4, 8, 8, 40, 10).network(),
          "vim odd", new VisionMamba(7, 14, 2, 3, 2, 3, 5, 4, 23, 5).network(),
          "vmamba",
              new VMamba(32, 48, 10, stages(16, 1, 4, 1, 1), 1, VMamba.Generation.V2).network(),
          "vmamba v0",
              new VMamba(40, 24, 10, stages(8, 2, 0, 1, 1, 1), 16, VMamba.Generation.VANILLA)
                  .network(),
          "localvim",
              new LocalVim(
                      16,
                      32,
                      8,
                      2,
                      4,
                      8,
                      8,
                      40,
                      40,
                      10,
                      false,
                      directions("h v_flip w7 w7_flip,h_flip w2_flip v w2"))
                  .network(),
          "localvim class token",
              new LocalVim(
                      16, 32, 8, 2, 4, 8, 8, 40, 40, 10, true, directions("h v_flip w2 w2_flip"))
                  .network(),
          "localvmamba",
              new LocalVMamba(
                      40,
                      40,
                      10,
                      stages(16, 2, 0, 1, 1),
                      4,
                      directions("h h_flip w7 w7_flip,v v_flip w2 w2_flip"))
                  .network());

  /** Widths and tokens of the released models, with few blocks. */
  static final Map<String, Network> RELEASED =
      Map.of(
          "vim-ti", vim(192, 12, 16, 2),
          "vim-s", vim(384, 24, 16, 1),
          "vim-b", vim(768, 48, 16, 1),
          "vim-ti stride 8", vim(192, 12, 8, 1),
          "vmamba-t",
              new VMamba(224, 224, 1000, stages(96, 1, 4, 1, 1, 1, 1), 1, VMamba.Generation.V2)
                  .network(),
          "vmamba-b",
              new VMamba(224, 224, 1000, stages(128, 2, 4, 1, 1, 1, 1), 1, VMamba.Generation.V2)
                  .network(),
          "vmamba v0",
              new VMamba(
                      224, 224, 1000, stages(96, 2, 0, 1, 1, 1, 1), 16, VMamba.Generation.VANILLA)
                  .network(),
          "localvim-t",
              new LocalVim(
                      192,
                      384,
                      16,
                      12,
                      4,
                      16,
                      16,
                      224,
                      224,
                      1000,
                      false,
                      directions("h v_flip w7 w7_flip"))
                  .network(),
          "localvmamba-t",
              new LocalVMamba(
                      224,
                      224,
                      1000,
                      stages(96, 2, 0, 1, 1, 1, 1),
                      16,
                      directions(
                          "h h_flip w7 w7_flip,h_flip v_flip w2 w2_flip,"
                              + "h_flip v_flip w2_flip w7,h_flip v v_flip w2"))
                  .network());

  /** The published method: static scales, no rotation. */
  static Function<Operation.Linear, Precision> published(int weightBits, int inputBits) {
    return linear -> Precision.staticPerToken(weightBits, inputBits);
  }

  /** What the default method may choose: dynamic scales and rotations, static ones for fc2. */
  static Function<Operation.Linear, Precision> chosen(int weightBits, int inputBits) {
    return linear ->
        new Precision(
            weightBits,
            inputBits,
            linear.kind().equals("fc2") || linear.kind().equals("dt_proj")
                ? ActivationScale.STATIC_PER_TOKEN
                : ActivationScale.DYNAMIC_PER_TOKEN,
            linear.kind().equals("dt_proj") ? Rotation.NONE : Rotation.HADAMARD);
  }

  static Network vim(int dim, int rank, int stride, int depth) {
    return new VisionMamba(dim, 2 * dim, depth, 16, rank, 4, 16, stride, 224, 1000).network();
  }

  /** Stages whose widths double; inner and hidden widths are multiples of them. */
  static List<VMamba.Stage> stages(int dim, int inner, int hidden, int... depths) {
    List<VMamba.Stage> stages = new ArrayList<>();
    for (int s = 0; s < depths.length; s++) {
      int width = dim << s;
      stages.add(
          new VMamba.Stage(width, depths[s], inner * width, (width + 15) / 16, hidden * width));
    }
    return stages;
  }

  static List<List<ScanDirection>> directions(String blocks) {
    return Stream.of(blocks.split(","))
        .map(block -> Stream.of(block.split(" ")).map(ScanDirection::parse).toList())
        .toList();
  }
}
