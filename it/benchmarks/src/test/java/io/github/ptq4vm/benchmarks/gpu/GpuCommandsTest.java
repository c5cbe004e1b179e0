package io.github.ptq4vm.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class GpuCommandsTest {
  private final StringWriter out = new StringWriter();

  private int run(Object command, String... arguments) {
    return new CommandLine(command)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(new StringWriter()))
        .execute(arguments);
  }

  @Test
  void theProcessorAgreesWithItself() {
    int status =
        run(new Parity(), "--models=vim_tiny@32", "--variants=w4a4", "--images=4", "--bound=0");

    assertThat(status).isZero();
    assertThat(out.toString().lines())
        .hasSize(2 + 2)
        .anyMatch(line -> line.startsWith("| vim_tiny@32 | ptq4vm | w4a4 | cpu/"))
        .anyMatch(
            line ->
                line.contains("| auto | w4a4 |")
                    && line.endsWith("| 4 | 0.00e+00 | 0.00e+00 | 0.00e+00 | 0 | ok |"));
  }

  @Test
  void aModelThatNobodyCanReadIsExplained() {
    assertThatThrownBy(() -> ParityModel.of("vim_tiny@x3"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("vim_tiny@64x256");
    assertThat(ParityModel.of("vim_tiny@64x256")).isEqualTo(new ParityModel("vim_tiny", 64, 256));
  }

  @Test
  void aKernelThatNoNetworkLaunchedIsMissed() {
    KernelCoverage coverage = new KernelCoverage();
    coverage.met(Set.of("scan_4", "rows"));

    assertThat(coverage.missing()).contains("scan_16").doesNotContain("scan_4", "dense_f32");
  }

  @Test
  void anImpossibleBoundIsNotMet() {
    assertThat(
            run(
                new Parity(),
                "--models=vim_tiny@32",
                "--variants=w8a8",
                "--images=1",
                "--bound=-1"))
        .isEqualTo(1);
    assertThat(out.toString()).contains("NOT WITHIN");
  }

  @Test
  void speedPrintsARowABatch() {
    int status =
        run(
            new Speed(),
            "--models=vim_tiny",
            "--recipes=auto",
            "--variants=w8a8",
            "--batch=1",
            "--seconds=0");

    assertThat(status).isZero();
    JsonObject row = JsonParser.parseString(out.toString().strip()).getAsJsonObject();
    assertThat(row.get("model").getAsString()).isEqualTo("vim_tiny");
    assertThat(row.get("runs").getAsInt()).isEqualTo(10);
    assertThat(row.get("ms_median").getAsDouble())
        .isGreaterThanOrEqualTo(row.get("ms_fastest").getAsDouble());
    assertThat(row.get("ms_h200_floor").getAsDouble()).isBetween(0.02, 0.04);
  }

  @Test
  void anUnknownModelIsAUsageProblem() {
    assertThat(run(new Speed(), "--models=resnet")).isEqualTo(2);
  }

  @Test
  void variantsAreRead() {
    assertThat(Bits.of("w4a8")).isEqualTo(new Bits(4, 8));
    assertThat(Bits.of("w4a8")).hasToString("w4a8");
    assertThatThrownBy(() -> Bits.of("w16a8")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theSummaryJoinsRowsByModelAndBatch() {
    List<JsonObject> rows =
        List.of(
            json(
                "{'peer':'ptq4vm','model':'vim_tiny','recipe':'auto','variant':'w8a8','batch':8,"
                    + "'ms_median':0.5,'images_per_s':16000,'ms_h200_floor':0.25}"),
            json("{'peer':'pytorch','model':'vim_tiny','batch':8,'mode':'eager','ms_median':10}"),
            json("{'peer':'pytorch','model':'vim_tiny','batch':8,'mode':'graph','ms_median':2}"),
            json("{'peer':'pytorch','model':'vim_tiny','batch':1,'mode':'graph','ms_median':1}"),
            json("{'peer':'pytorch','model':'vim_base','batch':8,'mode':'eager','ms_median':1}"));

    assertThat(Summary.table(rows).lines().skip(2))
        .containsExactly(
            "| vim_tiny | auto | w8a8 | 8 | 0.500 | 16000 | 0.2500 | 0.50 | 10.000 | 20.0 |"
                + " 2.000 | 4.0 |");
    assertThat(Summary.table(rows.subList(0, 1))).endsWith("| 0.50 | | | | |\n");
  }

  @Test
  void kernelsAreThoseOfTheLargestBatch() {
    String row =
        "{'peer':'ptq4vm','model':'vim_tiny','recipe':'auto','variant':'w8a8','batch':%d,"
            + "'kernels':[{'kernel':'scan_4','launches':24,'ms':%f},"
            + "{'kernel':'rows','launches':1,'ms':1}]}";
    List<JsonObject> rows = List.of(json(row.formatted(1, 9.0)), json(row.formatted(256, 3.0)));

    assertThat(Summary.kernels(rows).lines().skip(2))
        .containsExactly(
            "| vim_tiny | auto | w8a8 | 256 | scan_4 | 24 | 3.0000 | 75.0 |",
            "| vim_tiny | auto | w8a8 | 256 | rows | 1 | 1.0000 | 25.0 |");
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text.replace('\'', '"')).getAsJsonObject();
  }
}
