package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.cpu.Filler;
import io.github.ptq4vm.cpu.Quantizer;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LoweringTest {

  private static final GpuTraits GPU = new GpuTraits(227 << 10, 132);

  private static LoweredNetwork lower(
      Network network, Function<Operation.Linear, Precision> precisions, String... wanted) {
    return Lowering.lower(Quantizer.model(network, precisions, 1), StorageType.F16, Set.of(wanted));
  }

  /** Kernels in order, without their variants: {@code linear*2} solves two problems. */
  private static List<String> kernels(LoweredNetwork lowered) {
    return lowered.groups().stream()
        .map(
            group ->
                group.get(0).getClass().getSimpleName().replace("Plan", "")
                    + (group.size() > 1 ? "*" + group.size() : ""))
        .toList();
  }

  @Test
  void vimBlockIsFiveLaunches() {
    List<String> stem = List.of("Image", "Dense", "Rows");
    List<String> block = List.of("Linear", "Depthwise*2", "Linear*2", "Scan*2", "Linear");
    List<String> head = List.of("Rows", "Dense");
    List<String> expected = Stream.of(stem, block, block, head).flatMap(List::stream).toList();
    Network vim = Families.vim(192, 12, 16, 2);
    assertThat(kernels(lower(vim, Families.published(8, 8)))).isEqualTo(expected);
    assertThat(kernels(lower(vim, Families.chosen(4, 4)))).isEqualTo(expected);
  }

  @Test
  void vmambaBlockIsSevenLaunches() {
    LoweredNetwork lowered = lower(Families.RELEASED.get("vmamba-t"), Families.published(8, 8));
    List<String> block =
        List.of("Linear", "Depthwise", "Linear*4", "Scan*4", "Linear", "Linear", "Linear");
    assertThat(kernels(lowered)).startsWith("Image", "Dense", "Rows", "Dense", "Rows");
    assertThat(kernels(lowered).subList(5, 12)).isEqualTo(block);
    LinearPlan first = (LinearPlan) lowered.groups().get(10).get(0);
    assertThat(first.output().type()).isEqualTo(StorageType.CODES);
    assertThat(first.next().limit()).isEqualTo(255);

    LoweredNetwork rotated = lower(Families.RELEASED.get("vmamba-t"), Families.chosen(8, 8));
    assertThat(kernels(rotated)).isEqualTo(kernels(lowered));
    LinearPlan half = (LinearPlan) rotated.groups().get(10).get(0);
    assertThat(half.output().type()).isEqualTo(StorageType.F16);
  }

  @Test
  void vanillaBlockIsFiveLaunchesAndItsDownsamplingSixOrFewer() {
    LoweredNetwork lowered = lower(Families.MINI.get("vmamba v0"), Families.chosen(8, 8));
    assertThat(kernels(lowered))
        .startsWith(
            "Image",
            "Dense",
            "Rows",
            "Linear",
            "Depthwise",
            "Linear*4",
            "Scan*4",
            "Linear",
            "Rows",
            "Rows",
            "Rows",
            "Rows",
            "Rows",
            "Dense");
  }

  @Test
  void attentionOfAllDirectionsIsTakenIntoTheMerge() {
    LoweredNetwork lowered = lower(Families.MINI.get("localvim"), Families.chosen(8, 8));
    LinearPlan out =
        lowered.groups().stream()
            .flatMap(List::stream)
            .filter(LinearPlan.class::isInstance)
            .map(LinearPlan.class::cast)
            .filter(plan -> plan.source().expression().terms().size() == 4)
            .findFirst()
            .orElseThrow();
    assertThat(out.source().expression().terms())
        .allSatisfy(term -> assertThat(term.factors()).isNotNull());
    assertThat(out.residual()).isNotNull();
  }

  @Test
  void whatIsTakenInIsNeverStored() {
    LoweredNetwork lowered = lower(Families.vim(192, 12, 16, 1), Families.published(8, 8));
    Set<Integer> written =
        lowered.groups().stream()
            .flatMap(List::stream)
            .map(plan -> plan.writes().store())
            .collect(Collectors.toSet());
    // Image, patches, stream; in_proj, two u, two projections, two y, stream; norm, logits.
    assertThat(written).hasSize(13);
  }

  @Test
  void wantedValuesAreStoredAsTheNetworkDefinesThem() {
    String mixer = "layers.0.mixer.";
    String[] wanted = {
      Network.IMAGE,
      "cls_token",
      "layers.0.norm",
      mixer + "x_b",
      mixer + "dt_proj",
      mixer + "scan_b",
      mixer + "y_b",
      mixer + "merge",
      mixer + "gate",
      mixer + "out_proj",
      mixer + "B",
      "pool"
    };
    Network vim = Families.MINI.get("vim");
    LoweredNetwork lowered = lower(vim, Families.published(8, 8), wanted);
    assertThat(lowered.kept().keySet()).containsExactlyInAnyOrder(wanted);
    WorkspacePlan workspace = lowered.workspace(1);
    Set<Long> places =
        Arrays.stream(wanted)
            .map(value -> lowered.kept().get(value).in(workspace).data())
            .collect(Collectors.toSet());
    assertThat(places).hasSize(wanted.length);
  }

  static Stream<Network> networks() {
    return Stream.concat(Families.MINI.values().stream(), Families.RELEASED.values().stream());
  }

  static Stream<Network> small() {
    return Families.MINI.values().stream();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void lowersEveryFamily(Network network) {
    Model model = Quantizer.model(network, Families.chosen(4, 8), 1);
    for (StorageType storage : List.of(StorageType.F16, StorageType.F32)) {
      LoweredNetwork lowered = Lowering.lower(model, storage, Set.of());
      check(lowered, 1);
      check(lowered, 3);
    }
  }

  @ParameterizedTest
  @MethodSource("small")
  void lowersEveryWayToQuantize(Network network) {
    check(lower(network, Families.published(8, 8)), 2);
    check(
        lower(
            network,
            l -> new Precision(4, 4, Families.chosen(4, 4).apply(l).scale(), Rotation.HADAMARD)),
        2);
    check(Lowering.lower(Filler.model(network), StorageType.F16, Set.of()), 2);
  }

  /** Launches read what was written before, and stay within the memory they are given. */
  private static void check(LoweredNetwork lowered, int images) {
    WorkspacePlan workspace = lowered.workspace(images);
    boolean[] written = new boolean[workspace.addresses().length];
    written[lowered.planes().store()] = true;
    for (List<LaunchPlan> group : lowered.groups()) {
      assertThat(group).hasSizeBetween(1, KernelStruct.MAX_PROBLEMS);
      for (LaunchPlan plan : group) {
        for (ValuePlan value : plan.reads()) {
          assertThat(value.isConstant() || written[value.store()]).isTrue();
        }
        // What a launch writes shares no memory with what it reads.
        for (LaunchPlan other : group) {
          for (ValuePlan value : other.reads()) {
            assertThat(value.isConstant() ? -1 : workspace.address(value.store()))
                .isNotEqualTo(workspace.address(plan.writes().store()));
          }
        }
      }
      group.forEach(plan -> written[plan.writes().store()] = true);
    }
    assertThat(written).doesNotContain(false);
    long end = Addresses.offset(workspace.address(lowered.logits().store()));
    assertThat(end + lowered.logits().bytesPerImage() * images)
        .isLessThanOrEqualTo(workspace.bytes());
    assertThat(lowered.launches(images, GPU)).hasSameSizeAs(lowered.groups());
  }

  @Test
  void memoryDoesNotGrowWithDepth() {
    long two = lower(Families.vim(96, 6, 16, 2), Families.published(8, 8)).workspace(4).bytes();
    long six = lower(Families.vim(96, 6, 16, 6), Families.published(8, 8)).workspace(4).bytes();
    assertThat(six).isEqualTo(two);
  }
}
