package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.network.LocalVMamba;
import io.github.ptq4vm.network.LocalVim;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.ScanDirection;
import io.github.ptq4vm.network.Tensor;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.VMamba.Generation;
import io.github.ptq4vm.network.VMamba.Stage;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks come back from the state dicts they are stored as. */
class FamiliesTest {
  private static final List<Stage> STAGES =
      List.of(new Stage(8, 1, 16, 1, 0), new Stage(16, 2, 32, 1, 0));
  private static final List<ScanDirection> DIRECTIONS =
      Stream.of("h", "v_flip", "w2", "w7_flip").map(ScanDirection::parse).toList();
  private static final Network VANILLA =
      new VMamba(20, 24, 5, STAGES, 4, Generation.VANILLA).network();

  private static LocalVim localVim(boolean token, int size) {
    return new LocalVim(
        8, 16, 4, 1, 4, 4, 4, size, size, 5, token, Collections.nCopies(2, DIRECTIONS));
  }

  private static ImportOptions options(int height, int width) {
    return ImportOptions.of(new ImageSize(height, width));
  }

  private static void refused(MadeCheckpoint checkpoint, ImportOptions options, String... reasons) {
    assertThatThrownBy(() -> ModelImporter.load(checkpoint, options))
        .isInstanceOf(CompileException.class)
        .hasMessageContainingAll(reasons);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "vmamba_t_s1l8|vmamba|VMamba-T[s1l8]|276|30249064",
        "vmamba_t_s2l5|vmamba|VMamba-T[s2l5]|222|30705832",
        "vmamba_s_s1l20|vmamba|VMamba-S[s1l20]|492|49012840",
        "vmamba_s_s2l15|vmamba|VMamba-S[s2l15]|402|50147752",
        "vmamba_b_s1l20|vmamba|VMamba-B[s1l20]|492|86614504",
        "vmamba_b_s2l15|vmamba|VMamba-B[s2l15]|402|88557800",
        "vmamba_v0_t|vmamba|Vanilla-VMamba-T|212|22893448",
        "vmamba_v0_s|vmamba|Vanilla-VMamba-S|446|44417416",
        "vmamba_v0_b|vmamba|Vanilla-VMamba-B|446|76254056",
        "local_vim_tiny|localvim|LocalVim-T|748|7994152",
        "local_vim_tiny_middle_cls_token|localvim|LocalVim-T (middle class token)|747|7994536",
        "local_vim_small_HEAD|localvim|LocalVim-S|748|27783784",
        "local_vssm_tiny|localvmamba|LocalVMamba-T|302|25527160",
        "local_vssm_small|localvmamba|LocalVMamba-S|644|49748536",
      })
  void releasedModelsHaveTheAuthorsTensorsAndAreRecognised(
      String name, String family, String variant, int tensors, long parameters) {
    Network network = ReleasedModels.network(name, ImageSize.square(224));
    MadeCheckpoint checkpoint = MadeCheckpoint.of(network);
    assertThat(checkpoint.weights()).hasSize(tensors);
    assertThat(
            checkpoint.weights().entrySet().stream()
                .filter(entry -> !entry.getKey().startsWith("rope."))
                .mapToLong(entry -> entry.getValue().size())
                .sum())
        .isEqualTo(parameters);
    ImportedModel imported = ModelImporter.load(checkpoint, ImportOptions.of(224));
    assertThat(imported.family()).isEqualTo(family);
    assertThat(imported.variant()).isEqualTo(variant);
    assertThat(imported.model().network()).isEqualTo(network);
    assertThat(imported.notes()).hasSize(variant.equals("LocalVim-S") ? 1 : 0);
  }

  @Test
  void theOtherTableOfAnAmbiguousModel() {
    ImportedModel imported =
        ModelImporter.load(
            MadeCheckpoint.of(
                ReleasedModels.network("local_vim_small_HEAD", ImageSize.square(224))),
            ImportOptions.of(224).withScanDirections("LocalVim-S-searched"));
    assertThat(imported.model().network())
        .isEqualTo(ReleasedModels.network("local_vim_small_searched", ImageSize.square(224)));
    assertThat(imported.notes()).isEmpty();
  }

  @Test
  void partsOfATensorAreTheRightParts() {
    Model model = ModelImporter.load(MadeCheckpoint.of(VANILLA), options(20, 24)).model();
    assertThat(model.network()).isEqualTo(VANILLA);
    String op = "layers.1.blocks.1.op.";
    part(model, op + "x_proj_weight", 2, 4, 9, 32);
    part(model, op + "dt_projs_weight", 3, 4, 32, 1);
    part(model, op + "dt_projs_bias", 1, 4, 32);
    part(model, op + "A_logs", 3, 128, 4);
    part(model, op + "Ds", 2, 128);
  }

  /** A fourth of what the filler gives for the whole tensor. */
  private static void part(Model model, String key, int number, Integer... shape) {
    Tensor.Floats whole = Filler.parameter(key, List.of(shape));
    float[] part = model.floats(key + "." + number);
    assertThat(part).hasSize(whole.size() / 4);
    for (int i = 0; i < part.length; i++) {
      assertThat(part[i]).isEqualTo(whole.data()[number * part.length + i]);
    }
  }

  /** What VMamba's first code called a tensor; its stem was that of the first generation. */
  private static String oldKey(String key) {
    return key.replaceFirst("(blocks\\.\\d+)\\.norm\\.", "$1.ln_1.")
        .replaceFirst("(blocks\\.\\d+)\\.op\\.", "$1.self_attention.")
        .replaceFirst("^classifier\\.", "");
  }

  private static String oldStem(String key) {
    return key.replace("patch_embed.0.", "patch_embed.proj.")
        .replace("patch_embed.2.", "patch_embed.norm.");
  }

  @Test
  void oldKeyNames() {
    MadeCheckpoint old = MadeCheckpoint.of(VANILLA).renamed(key -> oldStem(oldKey(key)));
    assertThat(old.weights())
        .containsKeys(
            "patch_embed.proj.weight",
            "patch_embed.norm.bias",
            "layers.0.blocks.0.ln_1.weight",
            "layers.1.blocks.1.self_attention.out_norm.weight",
            "layers.0.downsample.norm.weight",
            "norm.weight",
            "head.bias")
        .hasSize(VANILLA.parameters().size() - 3 * 5 * 3);
    ImportedModel imported = ModelImporter.load(old, options(20, 24));
    assertThat(imported.model().network()).isEqualTo(VANILLA);
    assertThat(imported.variant()).isEqualTo("Vanilla-VMamba of widths 8, 16 and depths 1, 2");
    assertThat(imported.model().floats("classifier.norm.weight"))
        .isEqualTo(Filler.parameter("classifier.norm.weight", List.of(16)).data());
    refused(old.with("classifier.norm.bias", 16), options(20, 24), "Unexpected: 1 key (norm.bias)");
    refused(
        old.without("norm.bias").without("classifier.norm.bias"),
        options(20, 24),
        "Missing: 1 key (classifier.norm.bias)");
  }

  @Test
  void oldKeyNamesOfTheSecondGeneration() {
    Network network =
        new VMamba(32, 32, 5, List.of(new Stage(8, 1, 8, 1, 32)), 1, Generation.V2).network();
    MadeCheckpoint old = MadeCheckpoint.of(network).renamed(FamiliesTest::oldKey);
    assertThat(old.weights()).containsKeys("layers.0.blocks.0.ln_1.bias", "head.weight");
    ImportedModel imported = ModelImporter.load(old, options(32, 32));
    assertThat(imported.model().network()).isEqualTo(network);
    assertThat(imported.model().parameters().keySet()).isEqualTo(network.parameters().keySet());
  }

  @Test
  void linearsStoredAsConvolutionsOfOnePixel() {
    Network network =
        new VMamba(32, 32, 5, List.of(new Stage(8, 1, 8, 1, 32)), 1, Generation.V2).network();
    String block = "layers.0.blocks.0.";
    MadeCheckpoint made =
        MadeCheckpoint.of(network)
            .with(block + "op.in_proj.weight", 8, 8, 1, 1)
            .with(block + "op.out_proj.weight", 8, 8, 1, 1)
            .with(block + "mlp.fc1.weight", 32, 8, 1, 1);
    ImportedModel imported = ModelImporter.load(made, options(32, 32));
    assertThat(imported.model().network()).isEqualTo(network);
    assertThat(imported.model().floats(block + "mlp.fc1.weight"))
        .isEqualTo(Filler.parameter(block + "mlp.fc1.weight", List.of(32, 8)).data());
    refused(made.with(block + "mlp.fc2.weight", 8, 32, 1, 2), options(32, 32), "[8, 32, 1, 2]");
  }

  @Test
  void stagesThatDoNotFollowEachOther() {
    MadeCheckpoint gap =
        MadeCheckpoint.of(VANILLA)
            .renamed(key -> key.replace("layers.1.blocks.1.", "layers.3.blocks.0."));
    refused(gap, options(20, 24), "Missing: ", "Unexpected: ", "layers.2.blocks.0.norm.weight");
    refused(
        MadeCheckpoint.of(VANILLA).with("layers.0.blocks.0.op.Ds", 63),
        options(20, 24),
        "layers.0.blocks.0.op.Ds has [63] instead of [64]");
    refused(
        MadeCheckpoint.of(VANILLA).with("layers.0.blocks.0.op.x_proj_weight", 2, 9, 16),
        options(20, 24),
        "has [2, 9, 16] instead of [4, 9, 16]");
    refused(MadeCheckpoint.of(VANILLA), options(3, 24), "imageSize 3x24", "does not fit a grid");
  }

  @Test
  void scanDirectionsFromTheUser() {
    Network network = localVim(false, 16).network();
    ImportOptions options = options(16, 16);
    MadeCheckpoint made = MadeCheckpoint.of(network);
    assertThat(
            ModelImporter.load(made, options.withScanDirections(" h, v_flip,w2,w7_flip "))
                .model()
                .network())
        .isEqualTo(network);
    assertThat(
            ModelImporter.load(made, options.withScanDirections("h,v_flip,w2,w7_flip; "))
                .model()
                .network())
        .isEqualTo(network);
    refused(made, options.withScanDirections("h,v_flip,w2,w7_flip;;"), "\"\" is no scan direction");
    refused(made, options, "LocalVim of width 8 and depth 2", "Set scanDirections", "localvim-t");
    refused(made, options.withScanDirections("h,v"), "\"h,v\" with 2 directions", "have 4");
    refused(made, options.withScanDirections(""), "\"\" is no scan direction");
    refused(made, options.withScanDirections("h,v,d,w2"), "\"d\" is no scan direction");
    refused(made, options.withScanDirections("h,v,w65,w2"), "\"w65\"", "at most 64");
    refused(made, options.withScanDirections("localvim-t"), "20 blocks", "made.pth", "has 2");
    refused(
        MadeCheckpoint.of(VANILLA),
        options(20, 24).withScanDirections("h,v,w2,w7"),
        "scanDirections does not apply to the checkpoint made.pth",
        "VMamba of the first generation");
    refused(
        MadeCheckpoint.of(VANILLA),
        options(20, 24).withStride(4),
        "stride does not apply to the checkpoint made.pth");
    refused(
        MadeCheckpoint.of(VANILLA),
        options(20, 24).withInterpolatedPositions(true),
        "interpolatePositions does not apply to the checkpoint made.pth");
  }

  @Test
  void blocksMayDiffer() {
    List<ScanDirection> other = Collections.nCopies(4, ScanDirection.COLUMNS);
    Network network =
        new LocalVMamba(20, 24, 5, STAGES, 4, List.of(DIRECTIONS, other, DIRECTIONS)).network();
    ImportedModel imported =
        ModelImporter.load(
            MadeCheckpoint.of(network),
            options(20, 24).withScanDirections("h,v_flip,w2,w7_flip;v,v,v,v;h,v_flip,w2,w7_flip"));
    assertThat(imported.model().network()).isEqualTo(network);
    assertThat(imported.family()).isEqualTo("localvmamba");
  }

  @Test
  void rotaryTablesAreTakenOrComputed() {
    Network network = localVim(false, 16).network();
    ImportOptions options = options(16, 16).withScanDirections("h,v_flip,w2,w7_flip");
    float[] computed = FillerModels.fill(network).floats("rope.freqs_cos");
    MadeCheckpoint stored = MadeCheckpoint.of(network).with("rope.freqs_cos", 16, 8);
    float[] other = stored.read("rope.freqs_cos").data();
    assertThat(other).isNotEqualTo(computed);
    assertThat(ModelImporter.load(stored, options).model().floats("rope.freqs_cos"))
        .isEqualTo(other);
    assertThat(
            ModelImporter.load(stored.without("rope.freqs_cos"), options)
                .model()
                .floats("rope.freqs_cos"))
        .isEqualTo(computed);
    refused(stored.with("rope.freqs_cos", 25, 8), options, "has [25, 8] instead of [16, 8]");
    refused(stored.with("cls_token", 1, 1, 8), options, "Unexpected: ");
  }

  @Test
  void anotherGridOfPatches() {
    ImportOptions options =
        options(16, 24).withScanDirections("h,v_flip,w2,w7_flip").withInterpolatedPositions(true);
    for (boolean token : List.of(false, true)) {
      ImportedModel imported =
          ModelImporter.load(MadeCheckpoint.of(localVim(token, 16).network()), options);
      Network network = imported.model().network();
      assertThat(network.width()).isEqualTo(24);
      assertThat(network.shape("pos_embed").tokens()).isEqualTo(token ? 25 : 24);
      assertThat(imported.notes()).hasSize(1);
      if (!token) {
        checkStretched(imported.model().floats("rope.freqs_sin"));
        refused(
            MadeCheckpoint.of(localVim(false, 16).network()).with("rope.freqs_cos", 16, 8),
            options,
            "\"rope.freqs_cos\"",
            "Set imageSize to what the model was trained with");
      }
      refused(
          MadeCheckpoint.of(localVim(token, 16).network()),
          options.withInterpolatedPositions(false),
          "4 x 4 patches",
          "interpolatePositions");
    }
  }

  /** Six columns stand where four were trained: 4/6 apart; frequencies are 1 and 1/100. */
  private static void checkStretched(float[] sines) {
    for (int token = 0; token < 24; token++) {
      double row = token / 6;
      double column = token % 6 * 4 / 6.0;
      double[] angles = {
        row, row, row / 100, row / 100, column, column, column / 100, column / 100
      };
      for (int c = 0; c < 8; c++) {
        assertThat(sines[token * 8 + c]).isCloseTo((float) Math.sin(angles[c]), within(1e-6f));
      }
    }
  }

  @Test
  void rotaryPositionsNeedFourChannels() {
    Network network =
        new LocalVim(6, 16, 4, 1, 4, 4, 4, 16, 16, 5, false, Collections.nCopies(2, DIRECTIONS))
            .network();
    SortedMap<String, Tensor> tensors = new TreeMap<>();
    network.parameters().forEach((name, p) -> tensors.put(name, Filler.parameter(name, p.shape())));
    refused(
        new MadeCheckpoint(tensors),
        options(16, 16).withScanDirections("h,v_flip,w2,w7_flip"),
        "multiple of 4",
        "it is 6");
  }

  @Test
  void keysOfTwoFamilies() {
    List<List<ScanDirection>> directions = Collections.nCopies(3, DIRECTIONS);
    MadeCheckpoint made =
        MadeCheckpoint.of(new LocalVMamba(20, 24, 5, STAGES, 4, directions).network());
    List.copyOf(made.weights().keySet()).stream()
        .filter(key -> key.contains("channel_select") || key.endsWith("attn.norm.bias"))
        .forEach(made::without);
    refused(
        made,
        options(20, 24),
        "may be those of a LocalVMamba or of a VMamba of the first generation",
        "Set architecture to localvmamba or vmamba.");
    refused(made, options(20, 24).withArchitecture("vmamba"), "Unexpected: 9 keys");
  }
}
