package io.github.ptq4vm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.network.Activation;
import io.github.ptq4vm.network.ActivationScale;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.InvalidNetworkException;
import io.github.ptq4vm.network.LocalVMamba;
import io.github.ptq4vm.network.LocalVim;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.Precision;
import io.github.ptq4vm.network.Rotation;
import io.github.ptq4vm.network.ScanDirection;
import io.github.ptq4vm.network.Section;
import io.github.ptq4vm.network.TokenOperation;
import io.github.ptq4vm.network.TokenOrder;
import io.github.ptq4vm.network.VMamba;
import io.github.ptq4vm.network.ValueShape;
import io.github.ptq4vm.network.VisionMamba;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

class CpuExecutorTest {
  static final List<CpuKernels> PROVIDERS = Providers.ALL;

  /** Odd sizes everywhere, and a state that is no power of two. */
  private static final Network ODD = new VisionMamba(19, 37, 2, 5, 3, 3, 5, 4, 23, 7).network();

  /** Large enough that every operation is split among threads. */
  private static final Network WIDE = new VisionMamba(96, 192, 2, 8, 6, 4, 4, 4, 64, 10).network();

  private static final Network WIDE_GRID =
      new VMamba(
              64,
              64,
              10,
              List.of(new VMamba.Stage(96, 1, 96, 6, 192), new VMamba.Stage(192, 1, 192, 12, 0)),
              1,
              VMamba.Generation.V2)
          .network();

  private static final Network WIDE_LOCAL =
      new LocalVim(
              96, 192, 4, 6, 4, 4, 4, 64, 64, 10, false, List.of(directions("h", "w7", "v_flip")))
          .network();

  /** Odd grids throughout: 5 x 7, 3 x 4 and 2 x 2; one state, as the released models have. */
  private static final Network VMAMBA =
      new VMamba(
              18,
              26,
              6,
              List.of(
                  new VMamba.Stage(10, 1, 9, 2, 17),
                  new VMamba.Stage(12, 1, 19, 2, 9),
                  new VMamba.Stage(8, 1, 8, 1, 33)),
              1,
              VMamba.Generation.V2)
          .network();

  private static final Network VANILLA =
      new VMamba(
              20,
              28,
              6,
              List.of(new VMamba.Stage(9, 1, 17, 2, 0), new VMamba.Stage(11, 2, 8, 3, 0)),
              3,
              VMamba.Generation.VANILLA)
          .network();

  private static final Network LOCAL_VMAMBA =
      new LocalVMamba(
              20,
              28,
              6,
              List.of(new VMamba.Stage(9, 1, 17, 2, 0), new VMamba.Stage(11, 1, 8, 3, 0)),
              3,
              List.of(directions("h", "v_flip", "w2", "w3_flip"), directions("w7", "v")))
          .network();

  private static final Network LOCAL_VIM =
      new LocalVim(
              14,
              19,
              3,
              2,
              4,
              4,
              4,
              20,
              28,
              6,
              false,
              List.of(directions("h", "v_flip", "w2", "w3_flip"), directions("w7", "h_flip")))
          .network();

  private static final Network LOCAL_VIM_WITH_TOKEN =
      new LocalVim(
              14, 19, 3, 2, 4, 4, 4, 16, 24, 6, true, List.of(directions("v", "w2", "w2_flip")))
          .network();

  private static List<ScanDirection> directions(String... names) {
    return Stream.of(names).map(ScanDirection::parse).toList();
  }

  static Stream<Model> models() {
    return Stream.of(
        Filler.model(VMAMBA),
        Filler.model(VANILLA),
        Filler.model(LOCAL_VMAMBA),
        Filler.model(LOCAL_VIM),
        Filler.model(LOCAL_VIM_WITH_TOKEN),
        Quantizer.model(VMAMBA, 4, 8, 11),
        Quantizer.model(LOCAL_VMAMBA, 8, 8, 12),
        Quantizer.model(LOCAL_VIM, 4, 4, 13),
        Filler.model(ODD),
        Filler.model(padded()),
        Quantizer.model(ODD, 8, 8, 1),
        Quantizer.model(ODD, 6, 6, 2),
        Quantizer.model(ODD, 4, 8, 3),
        Quantizer.model(ODD, 4, 4, 4),
        Quantizer.model(ODD, 2, 2, 5),
        Quantizer.model(ODD, precision(4, 8, true, Rotation.NONE), 6),
        Quantizer.model(ODD, precision(8, 6, false, Rotation.HADAMARD), 7),
        Quantizer.model(LOCAL_VIM, precision(4, 4, true, Rotation.HADAMARD), 8));
  }

  private static Precision precision(int weights, int inputs, boolean dynamic, Rotation rotation) {
    ActivationScale scale =
        dynamic ? ActivationScale.DYNAMIC_PER_TOKEN : ActivationScale.STATIC_PER_TOKEN;
    return new Precision(weights, inputs, scale, rotation);
  }

  /** Zero tokens in a scan order, a merge of three, and channels that nothing reads. */
  private static Network padded() {
    TokenOrder order = TokenOrder.of(4, 2, -1, 0, 3, -1, 1);
    List<Operation> operations =
        List.of(
            new GridOperation.Convolution2d(
                "patches", Network.IMAGE, 3, 9, 5, 4, 2, 2, 0, "patches.weight", "patches.bias"),
            new Operation.Channels("some", "patches", 2, 7),
            new TokenOperation.Gather("ordered", "some", order),
            new Operation.CausalConvolution(
                "convolved", "ordered", 5, 2, "conv.weight", "conv.bias", Activation.NONE),
            new TokenOperation.Scatter("back", "convolved", order),
            new Operation.Channels("unread", "patches", 0, 1),
            new Operation.Merge("merged", List.of("some", "back", "some"), -0.25f),
            new TokenOperation.SelectToken("one", "merged", 3),
            new Operation.Linear("logits", "one", "head", 5, 3, "w", "b", false, null));
    return new Network("padded", 5, 4, List.of(new Section("all", false, operations)));
  }

  /** So that {@link #everyOperationFollowsItsFormula} misses none. */
  @Test
  void theModelsHaveOperationsOfEveryKind() {
    Set<Class<?>> met = new HashSet<>();
    models().forEach(model -> model.network().operations().forEach(op -> met.add(op.getClass())));
    assertThat(met).isEqualTo(records(Operation.class));
  }

  private static Set<Class<?>> records(Class<?> type) {
    if (type.isRecord()) {
      return Set.of(type);
    }
    Set<Class<?>> found = new HashSet<>();
    for (Class<?> subtype : type.getPermittedSubclasses()) {
      found.addAll(records(subtype));
    }
    return found;
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyOperationFollowsItsFormula(Model model) {
    Network network = model.network();
    float[] image = Filler.images(1, network.height(), network.width())[0];
    Set<String> names = new HashSet<>(Set.of(Network.IMAGE));
    network.operations().forEach(operation -> names.add(operation.output()));
    for (CpuKernels kernels : PROVIDERS) {
      try (CpuExecutor executor = new CpuExecutor(model, 1, kernels)) {
        Map<String, float[]> values = executor.trace(image, names);
        OperationOracle oracle = new OperationOracle(model, values);
        for (Operation operation : network.operations()) {
          ValueShape shape = network.shape(operation.output());
          float[] actual = values.get(operation.output());
          assertThat(actual).hasSize(shape.size());
          for (int i = 0; i < actual.length; i++) {
            double expected = oracle.at(operation, i / shape.channels(), i % shape.channels());
            assertThat((double) actual[i])
                .as("%s %s [%d]", kernels.name(), operation.output(), i)
                .isCloseTo(expected, within(1e-5 * (1 + Math.abs(expected))));
          }
        }
        assertThat(executor.run(new float[][] {image})[0]).isEqualTo(values.get(network.logits()));
      }
    }
  }

  @Test
  void integersOfAQuantizedLinearAreTheSameOnEveryProvider() {
    Model model = Quantizer.model(ODD, 4, 8, 9);
    float[] image = Filler.images(1, 23, 23)[0];
    List<QuantizedTrace> traces = new ArrayList<>();
    for (CpuKernels kernels : PROVIDERS) {
      try (CpuExecutor executor = new CpuExecutor(model, 1, kernels)) {
        traces.add(executor.codes(image, "layers.0.mixer.in_proj"));
        assertThatThrownBy(() -> executor.codes(image, "head"))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("The model has no quantized linear \"head\".");
      }
    }
    QuantizedTrace first = traces.get(0);
    assertThat(first.codes()).hasSize(first.tokens() * first.inFeatures());
    assertThat(first.accumulators()).hasSize(first.tokens() * first.outFeatures());
    assertThat(Arrays.stream(first.codes()).distinct().count()).isGreaterThan(100);
    assertThat(traces.get(1).codes()).isEqualTo(first.codes());
    assertThat(traces.get(1).accumulators()).isEqualTo(first.accumulators());
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void resultsDependNeitherOnBatchNorThreadsNorOtherCallers(CpuKernels kernels) throws Exception {
    float[][] images = Filler.images(5, 64, 64);
    for (Model model :
        List.of(
            Filler.model(WIDE),
            Quantizer.model(WIDE, 8, 8, 1),
            Quantizer.model(WIDE, precision(4, 4, true, Rotation.HADAMARD), 2),
            Filler.model(WIDE_GRID),
            Filler.model(WIDE_LOCAL))) {
      float[][] expected = new float[5][];
      try (CpuExecutor one = new CpuExecutor(model, 1, kernels)) {
        for (int i = 0; i < 5; i++) {
          expected[i] = one.run(new float[][] {images[i]})[0];
        }
        assertThat(one.run(images)).isDeepEqualTo(expected);
        assertThat(one.run(new float[0][])).isEmpty();
      }
      assertThat(expected[0]).isNotEqualTo(expected[1]);
      try (CpuExecutor three = new CpuExecutor(model, 3, kernels)) {
        for (int i = 0; i < 5; i++) {
          assertThat(three.run(new float[][] {images[i]})[0]).isEqualTo(expected[i]);
        }
        assertThat(three.run(images)).isDeepEqualTo(expected);
        ExecutorService callers = Executors.newFixedThreadPool(4);
        List<Future<float[][]>> calls = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
          calls.add(callers.submit(() -> three.run(images)));
        }
        for (Future<float[][]> call : calls) {
          assertThat(call.get()).isDeepEqualTo(expected);
        }
        callers.shutdown();
      }
    }
  }

  @Test
  void memoryDoesNotGrowWithDepth() {
    assertThat(floats(40)).isEqualTo(floats(4));
  }

  private static long floats(int depth) {
    Network network = new VisionMamba(32, 64, depth, 16, 2, 4, 8, 8, 32, 10).network();
    return new Layout(network, new Numbers(network), Schedule.fused(network), chain -> 3).floats();
  }

  @ParameterizedTest
  @FieldSource("PROVIDERS")
  void aProfileTellsTheTimeOfWhatIsComputed(CpuKernels kernels) {
    float[] image = Filler.images(1, 23, 23)[0];
    try (CpuExecutor executor = new CpuExecutor(Filler.model(ODD), 2, kernels)) {
      List<Map<Operation, Long>> runs = executor.profile(image, 3);

      assertThat(runs).hasSize(3);
      for (Map<Operation, Long> run : runs) {
        assertThat(ODD.operations()).containsAll(run.keySet());
        assertThat(run.values()).allMatch(nanos -> nanos >= 0).anyMatch(nanos -> nanos > 0);
        assertThat(run.keySet()).filteredOn(Operation.SelectiveScan.class::isInstance).hasSize(4);
        assertThat(run.keySet())
            .filteredOn(Operation.Linear.class::isInstance)
            .hasSameSizeAs(
                ODD.operations().stream().filter(Operation.Linear.class::isInstance).toList());
      }
    }
  }

  @Test
  void refusesImagesItCannotRun() {
    try (CpuExecutor executor = new CpuExecutor(Filler.model(ODD), 1)) {
      assertThatThrownBy(() -> executor.run(new float[][] {new float[3 * 23 * 23], new float[5]}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Image 1 has 5 floats but the network needs 3 x 23 x 23 = 1587.");
      float[] image = new float[3 * 23 * 23];
      image[17] = Float.NaN;
      assertThatThrownBy(() -> executor.run(new float[][] {image}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Image 0 holds NaN at index 17; it must be finite.");
      assertThatThrownBy(() -> executor.trace(new float[3 * 23 * 23], Set.of("nothing")))
          .isInstanceOf(InvalidNetworkException.class)
          .hasMessageContaining("nothing");
    }
    assertThatThrownBy(() -> new CpuExecutor(Filler.model(ODD), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1");
  }

  @Test
  void refusesToRunAfterItWasClosed() {
    CpuExecutor executor = new CpuExecutor(Filler.model(ODD), 2);
    executor.close();
    assertThatThrownBy(() -> executor.run(new float[][] {new float[3 * 23 * 23]}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The executor is closed.");
  }

  @Test
  void refusesScalesThatAreNoScales() {
    Model model = Quantizer.model(ODD, 8, 4, 1);
    model.floats("layers.1.mixer.x_proj.input_step")[2] = 0f;
    assertThatThrownBy(() -> new CpuExecutor(model, 1))
        .isInstanceOf(InvalidNetworkException.class)
        .hasMessageContaining("\"layers.1.mixer.x_proj.input_step\" holds 0.0 at index 2");
    model.floats("layers.1.mixer.x_proj.input_step")[2] = 1e-39f;
    assertThatThrownBy(() -> new CpuExecutor(model, 1))
        .isInstanceOf(InvalidNetworkException.class)
        .hasMessageContaining("holds 1.0E-39 at index 2 but must be positive, finite and no");
    Model other = Quantizer.model(ODD, 8, 4, 1);
    other.bytes("layers.0.mixer.in_proj.input_zero_point")[3] = 16;
    assertThatThrownBy(() -> new CpuExecutor(other, 1))
        .isInstanceOf(InvalidNetworkException.class)
        .hasMessageContaining("zero point 16 at token 3 but the largest code is 15");
    Model dynamic = Quantizer.model(ODD, precision(8, 4, true, Rotation.NONE), 1);
    dynamic.floats("layers.0.mixer.in_proj.input_range")[0] = Float.POSITIVE_INFINITY;
    assertThatThrownBy(() -> new CpuExecutor(dynamic, 1))
        .isInstanceOf(InvalidNetworkException.class)
        .hasMessageContaining("\"layers.0.mixer.in_proj.input_range\" holds Infinity at index 0");
  }

  @Test
  void namesTheProvider() {
    try (CpuExecutor executor = new CpuExecutor(Filler.model(ODD), 1, Providers.SCALAR)) {
      assertThat(executor.provider()).isEqualTo("scalar");
    }
  }
}
