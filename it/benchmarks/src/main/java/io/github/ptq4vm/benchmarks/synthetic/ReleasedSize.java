package io.github.ptq4vm.benchmarks.synthetic;

import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.VMamba.Generation;
import io.github.ptq4vm.network.VisionMamba;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Sizes of released models that are measured: three of Vim, three of VMamba, 224 pixels. */
public enum ReleasedSize {
  /** Vim-Ti. */
  VIM_TINY(192, 0, 0),
  /** Vim-S. */
  VIM_SMALL(384, 0, 0),
  /** Vim-B. */
  VIM_BASE(768, 0, 0),
  /** VMamba-T. */
  VMAMBA_T_S1L8(96, 8, 1),
  /** VMamba-S. */
  VMAMBA_S_S2L15(96, 15, 2),
  /** VMamba-B. */
  VMAMBA_B_S2L15(128, 15, 2);

  private static final int SIDE = 224;
  private static final int CLASSES = 1000;

  private final int dim;
  private final int third;
  private final int ratio;

  /**
   * A size.
   *
   * @param third depth of VMamba's third stage, or 0 for a Vim
   * @param ratio inner width over the stream's, for VMamba
   */
  ReleasedSize(int dim, int third, int ratio) {
    this.dim = dim;
    this.third = third;
    this.ratio = ratio;
  }

  /** Name in tables and on the command line: that of the authors' code. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The size of a name. */
  public static Optional<ReleasedSize> of(String id) {
    return Stream.of(values()).filter(size -> size.id().equals(id)).findFirst();
  }

  /** Names of all. */
  public static List<String> ids() {
    return Stream.of(values()).map(ReleasedSize::id).toList();
  }

  /** The network, not quantized. */
  public Network network() {
    if (third == 0) {
      return new VisionMamba(dim, 2 * dim, 24, 16, dim / 16, 4, 16, 16, SIDE, CLASSES).network();
    }
    List<VMamba.Stage> stages = new ArrayList<>();
    for (int stage = 0; stage < 4; stage++) {
      int width = dim << stage;
      stages.add(
          new VMamba.Stage(width, stage == 2 ? third : 2, ratio * width, width / 16, 4 * width));
    }
    return new VMamba(SIDE, SIDE, CLASSES, stages, 1, Generation.V2).network();
  }
}
