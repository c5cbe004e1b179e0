package io.github.ptq4vm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.network.Activation;
import java.util.List;
import org.junit.jupiter.api.Test;

class RowExpressionTest {
  private static final RowExpression.Norm NORM =
      new RowExpression.Norm(NormKind.LAYER_NORM, 256, 512, 1e-5f);

  private static final ValuePlan VALUE = ValuePlan.stored(0, StorageType.F16, 16, 3);
  private static final ValuePlan OTHER = ValuePlan.stored(1, StorageType.F16, 16, 3);
  private static final RowExpression X = RowExpression.of(VALUE, 3, 16);
  private static final RowExpression Y = RowExpression.of(OTHER, 3, 16);

  @Test
  void mapsCompose() {
    RowExpression twice = X.gather(new int[] {2, -1, 0, 1}).gather(new int[] {3, 2, -1, 1});
    assertThat(twice.tokens()).isEqualTo(4);
    assertThat(twice.terms().get(0).map()).containsExactly(1, 0, -1, -1);
    assertThat(twice.isRows()).isTrue();
    assertThat(twice.plain()).isNull();
  }

  @Test
  void stepsComeInTheOrderOfTheGrammar() {
    RowExpression gated = X.plus(Y).times(0.5f).normed(NORM).gated(OTHER);
    assertThat(gated.terms()).hasSize(2);
    assertThat(gated.factor()).isEqualTo(0.5f);
    assertThat(gated.activated(Activation.SILU).activation()).isEqualTo(Activation.SILU);
    assertThat(gated.normed(NORM)).isNull();
    assertThat(gated.plus(Y)).isNull();
    assertThat(gated.times(2f)).isNull();
    assertThat(gated.gated(OTHER)).isNull();
    assertThat(gated.scaled(OTHER)).isNull();
    assertThat(gated.channels(0, 8)).isNull();
    assertThat(gated.activated(Activation.SILU).gated(OTHER)).isNull();
    assertThat(gated.reads()).containsExactly(VALUE, OTHER, OTHER);
  }

  @Test
  void sumsKeepTheOrderOfAdditions() {
    RowExpression sum = X.plus(Y);
    assertThat(sum.plus(X).terms())
        .extracting(RowExpression.Term::value)
        .containsExactly(VALUE, OTHER, VALUE);
    assertThat(X.plus(sum)).as("x + (x + y)").isNull();
    assertThat(X.plus(Y.times(2f))).isNull();
    assertThat(sum.plus(X).plus(X).plus(X)).as("five terms").isNull();
    assertThat(X.scaled(OTHER).plus(Y.scaled(OTHER)).terms())
        .extracting(RowExpression.Term::factors)
        .containsExactly(OTHER, OTHER);
  }

  @Test
  void zeroTokensStayZero() {
    int[] zeros = {0, -1, 2};
    int[] all = {2, 1, 0};
    // A layer norm of zeros is its bias, and the rows of a gate have no map.
    assertThat(X.normed(NORM).gather(zeros)).isNull();
    assertThat(X.normed(NORM).gather(all)).isNotNull();
    assertThat(X.gated(OTHER).gather(all)).isNull();
    assertThat(X.plus(Y).gather(zeros).terms())
        .allSatisfy(term -> assertThat(term.map()).containsExactly(zeros));
  }

  @Test
  void rangesAndTokensAreViews() {
    RowExpression view = X.channels(4, 12);
    assertThat(view.plain()).isEqualTo(new ValuePlan(0, 8, StorageType.F16, 16, 3));
    assertThat(view.channels()).isEqualTo(8);
    assertThat(X.select(2).plain()).isEqualTo(new ValuePlan(0, 64, StorageType.F16, 16, 3));
    RowExpression token = X.gather(new int[] {1, -1}).plus(Y.gather(new int[] {-1, 0})).select(1);
    assertThat(token.tokens()).isEqualTo(1);
    assertThat(token.terms().get(0).map()).containsExactly(-1);
    assertThat(token.terms().get(1).value()).isEqualTo(OTHER);
    assertThat(X.normed(NORM).gated(OTHER).select(1).gate().offset()).isEqualTo(32);
  }

  @Test
  void aPlanHasTheBytesOfTheStruct() {
    Constants constants = new Constants();
    RowPlan plan = RowPlan.of(X.gather(new int[] {2, 1, 0}).scaled(OTHER).normed(NORM), constants);
    WorkspacePlan workspace = new WorkspacePlan(new long[] {1 << 10, 1 << 20}, 1 << 21);
    RowSource source = plan.in(workspace);
    assertThat(source.inputs())
        .isEqualTo(
            List.of(
                RowSource.Input.mapped(
                        new DeviceValue(1 << 10, StorageType.F16, 16, 3),
                        Addresses.of(Addresses.CONSTANTS, 0))
                    .times(new DeviceValue(1 << 20, StorageType.F16, 16, 3))));
    assertThat(source.norm()).isEqualTo(NormKind.LAYER_NORM);
    assertThat(constants.parts()).hasSize(1);
    assertThat(constants.map(new int[] {2, 1, 0}))
        .as("the same map")
        .isEqualTo(Addresses.of(Addresses.CONSTANTS, 0));
    assertThat(constants.map(new int[] {2, 1}))
        .isEqualTo(Addresses.of(Addresses.CONSTANTS, Addresses.ALIGNMENT));
  }

  @Test
  void launchesAreBoundToMemory() {
    RowsParams params =
        new RowsParams(
            RowSource.of(
                new DeviceValue(Addresses.of(Addresses.WORKSPACE, 512), StorageType.F16, 16, 3),
                3,
                16),
            DeviceValue.table(Addresses.of(Addresses.CONSTANTS, 256), 16),
            1);
    Launch bound = Launch.of(RowsGeometry.of(params), params).bind(0x10000, 0x2000000);
    RowsParams expected =
        new RowsParams(
            RowSource.of(new DeviceValue(0x2000200, StorageType.F16, 16, 3), 3, 16),
            DeviceValue.table(0x10100, 16),
            1);
    assertThat(bound.params()).isEqualTo(expected.toBytes());
  }
}
