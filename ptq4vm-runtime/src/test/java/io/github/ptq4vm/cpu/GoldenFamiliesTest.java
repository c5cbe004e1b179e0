package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import io.github.ptq4vm.network.LocalVMamba;
import io.github.ptq4vm.network.LocalVim;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.ScanDirection;
import io.github.ptq4vm.network.VMamba;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Logits of the authors' modules of VMamba, LocalVim and LocalVMamba, on both providers. */
class GoldenFamiliesTest {
  static final List<CpuKernels> PROVIDERS = Providers.ALL;

  /** Directions of the blocks of LocalVMamba-T. */
  private static final String TINY_LOCAL_VMAMBA =
      """
      h h_flip w7 w7_flip,h_flip v_flip w2 w2_flip,h_flip v_flip w2_flip w7,h_flip v v_flip w2,\
      h h_flip v_flip w2_flip,h_flip v_flip w2 w2_flip,h w2_flip w7 w7_flip,h h_flip v v_flip,\
      h v_flip w7 w7_flip,h_flip v w2 w7_flip,v v_flip w2 w7_flip,h h_flip v_flip w2_flip,\
      v_flip w2_flip w7 w7_flip,h_flip v_flip w2_flip w7_flip,h_flip v w7 w7_flip""";

  /** Directions of the blocks of LocalVim-T. */
  private static final String TINY_LOCAL_VIM =
      """
      h v_flip w7 w7_flip,h_flip w2_flip w7 w7_flip,h h_flip v w7,h h_flip v v_flip,\
      h h_flip v v_flip,h h_flip v v_flip,h_flip v v_flip w7,h_flip v v_flip w2_flip,\
      h h_flip v v_flip,h h_flip v v_flip,h v v_flip w2,h v v_flip w2_flip,h h_flip v_flip w7,\
      h_flip v v_flip w2,h h_flip v v_flip,h v w2 w2_flip,v v_flip w2 w7,h h_flip v w2,\
      h h_flip w2_flip w7,v v_flip w2 w2_flip""";

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void miniVMamba(CpuKernels kernels) throws IOException {
    List<VMamba.Stage> stages = stages(16, 1, 4, 1, 1, 2, 1);
    mini(
        "golden_vmamba.json",
        "mini_vmamba_s1",
        new VMamba(64, 96, 10, stages, 1, VMamba.Generation.V2).network(),
        kernels);
    mini(
        "golden_vmamba.json",
        "mini_vmamba_s2",
        new VMamba(64, 64, 10, stages(16, 2, 4, 1, 1, 2, 1), 1, VMamba.Generation.V2).network(),
        kernels);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void miniLocalVMamba(CpuKernels kernels) throws IOException {
    String blocks =
        "h h_flip w7 w7_flip,h_flip v_flip w2 w2_flip,h_flip v w2_flip w7,"
            + "v v_flip w2 w7_flip,h v w2 w7_flip";
    List<VMamba.Stage> stages = stages(16, 2, 0, 1, 1, 2, 1);
    mini(
        "golden_local.json",
        "mini_local_vssm",
        new LocalVMamba(96, 96, 10, stages, 16, directions(blocks)).network(),
        kernels);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void miniLocalVim(CpuKernels kernels) throws IOException {
    String blocks = "h v_flip w7 w7_flip,h_flip w2_flip v w2,h h_flip w2 w2_flip";
    mini(
        "golden_local.json",
        "mini_local_vim",
        new LocalVim(32, 64, 16, 2, 4, 8, 8, 64, 64, 10, false, directions(blocks)).network(),
        kernels);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void tinyVMamba(CpuKernels kernels) throws IOException {
    List<VMamba.Stage> stages = stages(96, 1, 4, 2, 2, 8, 2);
    GoldenVimTest.full(
        "vmamba_t_s1l8",
        new VMamba(224, 224, 1000, stages, 1, VMamba.Generation.V2).network(),
        kernels);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void tinyVanillaVMamba(CpuKernels kernels) throws IOException {
    List<VMamba.Stage> stages = stages(96, 2, 0, 2, 2, 9, 2);
    GoldenVimTest.full(
        "vmamba_v0_t",
        new VMamba(224, 224, 1000, stages, 16, VMamba.Generation.VANILLA).network(),
        kernels);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void tinyLocalVMamba(CpuKernels kernels) throws IOException {
    List<VMamba.Stage> stages = stages(96, 2, 0, 2, 2, 9, 2);
    GoldenVimTest.full(
        "local_vssm_tiny",
        new LocalVMamba(224, 224, 1000, stages, 16, directions(TINY_LOCAL_VMAMBA)).network(),
        kernels);
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void tinyLocalVim(CpuKernels kernels) throws IOException {
    GoldenVimTest.full("local_vim_tiny", localVim(false), kernels);
    GoldenVimTest.full("local_vim_tiny_middle_cls_token", localVim(true), kernels);
  }

  private static Network localVim(boolean classToken) {
    return new LocalVim(
            192, 384, 16, 12, 4, 16, 16, 224, 224, 1000, classToken, directions(TINY_LOCAL_VIM))
        .network();
  }

  /** Stages whose widths double; inner and hidden widths are multiples of them. */
  private static List<VMamba.Stage> stages(int dim, int inner, int hidden, int... depths) {
    List<VMamba.Stage> stages = new ArrayList<>();
    for (int s = 0; s < depths.length; s++) {
      int width = dim << s;
      stages.add(
          new VMamba.Stage(width, depths[s], inner * width, (width + 15) / 16, hidden * width));
    }
    return stages;
  }

  private static List<List<ScanDirection>> directions(String blocks) {
    return Stream.of(blocks.split(","))
        .map(block -> Stream.of(block.split(" ")).map(ScanDirection::parse).toList())
        .toList();
  }

  private static void mini(String file, String name, Network network, CpuKernels kernels)
      throws IOException {
    JsonObject golden = SharedData.json(file).getAsJsonObject(name);
    float[] expected =
        GoldenVimTest.floats(
            golden.getAsJsonArray("outputs").get(0).getAsJsonObject().getAsJsonArray("values"));
    int batch = golden.getAsJsonArray("input_shape").get(0).getAsInt();
    assertThat(expected).hasSize(batch * network.classes());
    try (CpuExecutor executor = new CpuExecutor(Filler.model(network), 1, kernels)) {
      float[][] logits = executor.run(Filler.images(batch, network.height(), network.width()));
      for (int i = 0; i < expected.length; i++) {
        assertThat(logits[i / network.classes()][i % network.classes()])
            .as("%s image %d logit %d", name, i / network.classes(), i % network.classes())
            .isCloseTo(expected[i], within(1e-5f));
      }
    }
  }
}
