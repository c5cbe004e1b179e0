package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.network.LocalVMamba;
import io.github.ptq4vm.network.LocalVim;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.VMamba.Generation;
import io.github.ptq4vm.network.VisionMamba;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Networks of the released models, by the names their authors' code has for them. */
final class ReleasedModels {
  private static final int CLASSES = 1000;
  private static final int STATES = 16;
  private static final int TAPS = 4;
  private static final int PATCH = 16;
  private static final Map<String, Function<ImageSize, Network>> ALL = new LinkedHashMap<>();

  static {
    ALL.put("vim_tiny", size -> vim(192, 16, size));
    ALL.put("vim_small", size -> vim(384, 16, size));
    ALL.put("vim_base", size -> vim(768, 16, size));
    ALL.put("vim_tiny_stride8", size -> vim(192, 8, size));
    ALL.put("vim_small_stride8", size -> vim(384, 8, size));
    ALL.put("vmamba_t_s1l8", size -> vmamba(96, 8, 1, size));
    ALL.put("vmamba_t_s2l5", size -> vmamba(96, 5, 2, size));
    ALL.put("vmamba_s_s1l20", size -> vmamba(96, 20, 1, size));
    ALL.put("vmamba_s_s2l15", size -> vmamba(96, 15, 2, size));
    ALL.put("vmamba_b_s1l20", size -> vmamba(128, 20, 1, size));
    ALL.put("vmamba_b_s2l15", size -> vmamba(128, 15, 2, size));
    ALL.put("vmamba_v0_t", size -> vanilla(96, 9, size));
    ALL.put("vmamba_v0_s", size -> vanilla(96, 27, size));
    ALL.put("vmamba_v0_b", size -> vanilla(128, 27, size));
    ALL.put("local_vim_tiny", size -> localVim(192, false, "localvim-t", size));
    ALL.put("local_vim_tiny_middle_cls_token", size -> localVim(192, true, "localvim-t", size));
    ALL.put("local_vim_small_HEAD", size -> localVim(384, false, "localvim-s", size));
    ALL.put("local_vim_small_searched", size -> localVim(384, false, "localvim-s-searched", size));
    ALL.put("local_vssm_tiny", size -> localVmamba(9, "localvmamba-t", size));
    ALL.put("local_vssm_small", size -> localVmamba(27, "localvmamba-s", size));
  }

  private ReleasedModels() {}

  static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  /**
   * A network.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  static Network network(String name, ImageSize size) {
    Function<ImageSize, Network> make = ALL.get(name);
    if (make == null) {
      throw new IllegalArgumentException(
          "There is no model \"" + name + "\"; there are: " + String.join(", ", names()) + ".");
    }
    return make.apply(size);
  }

  private static Network vim(int dim, int stride, ImageSize size) {
    return new VisionMamba(
            dim,
            2 * dim,
            24,
            STATES,
            dim / 16,
            TAPS,
            PATCH,
            stride,
            size.height(),
            size.width(),
            CLASSES)
        .network();
  }

  private static Network vmamba(int dim, int third, int ratio, ImageSize size) {
    List<VMamba.Stage> stages = stages(dim, third, ratio, 4);
    return new VMamba(size.height(), size.width(), CLASSES, stages, 1, Generation.V2).network();
  }

  private static Network vanilla(int dim, int third, ImageSize size) {
    List<VMamba.Stage> stages = stages(dim, third, 2, 0);
    return new VMamba(size.height(), size.width(), CLASSES, stages, STATES, Generation.VANILLA)
        .network();
  }

  private static Network localVmamba(int third, String table, ImageSize size) {
    return new LocalVMamba(
            size.height(),
            size.width(),
            CLASSES,
            stages(96, third, 2, 0),
            STATES,
            DirectionTables.resolve(table, null, 6 + third, 4, table))
        .network();
  }

  private static Network localVim(int dim, boolean token, String table, ImageSize size) {
    return new LocalVim(
            dim,
            2 * dim,
            STATES,
            dim / 16,
            TAPS,
            PATCH,
            PATCH,
            size.height(),
            size.width(),
            CLASSES,
            token,
            DirectionTables.resolve(table, null, 20, 4, table))
        .network();
  }

  /** Four stages of depths 2, 2, {@code third} and 2, each twice as wide as the one before. */
  private static List<VMamba.Stage> stages(int dim, int third, int ratio, int mlpRatio) {
    List<VMamba.Stage> stages = new ArrayList<>();
    for (int s = 0; s < 4; s++) {
      int width = dim << s;
      stages.add(
          new VMamba.Stage(width, s == 2 ? third : 2, ratio * width, width / 16, mlpRatio * width));
    }
    return stages;
  }
}
