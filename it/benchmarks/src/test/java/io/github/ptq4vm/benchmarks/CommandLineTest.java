package io.github.ptq4vm.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.Recipe;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

class CommandLineTest {

  @Test
  void variantsAreRead() {
    RecipeOptions.VariantConverter converter = new RecipeOptions.VariantConverter();

    assertThat(converter.convert("w4a8")).isEqualTo(new Variant("w4a8", 4, 8));
    assertThatThrownBy(() -> converter.convert("w1a8")).isInstanceOf(TypeConversionException.class);
    assertThatThrownBy(() -> converter.convert("4a8")).isInstanceOf(TypeConversionException.class);
  }

  @Test
  void whatIsNotGivenIsTheDefault() {
    RecipeOptions options = new RecipeOptions();
    CommandLine commandLine = new CommandLine(CommandLine.Model.CommandSpec.create());
    commandLine
        .getCommandSpec()
        .addMixin("options", CommandLine.Model.CommandSpec.forAnnotatedObject(options));
    commandLine.parseArgs("--steps", "7");
    Recipe defaults = Recipe.defaults();

    assertThat(options.recipe().steps()).isEqualTo(7);
    assertThat(options.recipe().batch()).isEqualTo(defaults.batch());
    assertThat(options.recipe().rate()).isEqualTo(defaults.rate());
    assertThat(options.recipe().method()).isEqualTo(defaults.method());
    assertThat(Contender.PLAIN.recipe(options.recipe()).steps()).isZero();
  }

  @Test
  void anUnknownSampleIsAUsageProblem() {
    StringWriter err = new StringWriter();

    int status =
        Main.commandLine().setErr(new PrintWriter(err)).execute("accuracy", "--sample", "resnet");

    assertThat(status).isEqualTo(2);
    assertThat(err.toString()).contains("resnet");
  }

  @Test
  void anUnknownModelIsAUsageProblem() {
    StringWriter err = new StringWriter();

    int status =
        Main.commandLine().setErr(new PrintWriter(err)).execute("compile-time", "vim_huge");
    int other =
        Main.commandLine()
            .setErr(new PrintWriter(err))
            .execute("cpu", "--models", "resnet", "--parts", "latency");

    assertThat(status).isEqualTo(2);
    assertThat(other).isEqualTo(2);
    assertThat(err.toString())
        .contains("vim_huge")
        .contains("vim_micro")
        .contains("vim_tiny")
        .contains("resnet");
  }

  @Test
  void logitsNeedAModelOrACheckpoint() {
    for (String[] arguments :
        new String[][] {
          {"logits"}, {"logits", "vim_huge"}, {"logits", "vim_tiny", "--checkpoint", "x.pth"}
        }) {
      StringWriter err = new StringWriter();

      int status = Main.commandLine().setErr(new PrintWriter(err)).execute(arguments);

      assertThat(status).isEqualTo(2);
      assertThat(err.toString()).contains("vim_small_stride8").contains("local_vssm_small");
    }
  }

  @Test
  void logitsAreJsonWithASummaryOfEachSection() {
    StringWriter out = new StringWriter();

    int status =
        Main.commandLine()
            .setOut(new PrintWriter(out))
            .execute("logits", "vmamba_t_s1l8", "--layers", "--image-size", "32x48");

    assertThat(status).isZero();
    JsonObject json = JsonParser.parseString(out.toString()).getAsJsonObject();
    assertThat(json.get("imageSize").toString()).isEqualTo("[32,48]");
    assertThat(json.getAsJsonArray("logits")).hasSize(1000);
    JsonObject layers = json.getAsJsonObject("layers");
    assertThat(layers.size()).isEqualTo(1 + 14 + 3 + 1);
    JsonObject stem = layers.getAsJsonObject("patch_embed");
    assertThat(stem.get("shape").toString()).isEqualTo("[96,96]");
    assertThat(stem.getAsJsonArray("first6")).hasSize(6);
    assertThat(stem.get("abssum").getAsDouble()).isPositive();
    assertThat(stem.has("values")).isFalse();
  }

  @Test
  void fullLayersHaveEveryValue() {
    StringWriter out = new StringWriter();

    int status =
        Main.commandLine()
            .setOut(new PrintWriter(out))
            .execute("logits", "vmamba_t_s1l8", "--layers=full", "--image-size", "32");

    assertThat(status).isZero();
    JsonObject json = JsonParser.parseString(out.toString()).getAsJsonObject();
    JsonObject stem = json.getAsJsonObject("layers").getAsJsonObject("patch_embed");
    assertThat(stem.getAsJsonArray("values")).hasSize(64 * 96);
    double sum = 0;
    for (JsonElement value : stem.getAsJsonArray("values")) {
      sum += value.getAsDouble();
    }
    assertThat(sum).isCloseTo(stem.get("sum").getAsDouble(), within(1e-3));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--weights=model_ema",
        "--architecture=vim",
        "--stride=8",
        "--scan-directions=h,v,w2,w7",
        "--interpolate-positions"
      })
  void whatAReleasedModelHasNoUseForIsAUsageProblem(String option) {
    StringWriter err = new StringWriter();

    int status =
        Main.commandLine().setErr(new PrintWriter(err)).execute("logits", "vim_tiny", option);

    assertThat(status).isEqualTo(2);
    assertThat(err.toString()).contains(option.replaceFirst("=.*", "")).contains("vim_tiny");
  }

  @Test
  void headsSayWhatWasAskedForButNotWhereItWasKept() {
    assertThat(
            Arguments.of(
                "accuracy", List.of("accuracy", "--keep", "/some/where", "--sample=vim_nano")))
        .isEqualTo("accuracy --sample=vim_nano");
    assertThat(Arguments.of("ablation", List.of("ablation", "--variants", "w4a4", "--keep=x/y")))
        .isEqualTo("ablation --variants w4a4");
  }

  @Test
  void theMedianIsTheMiddle() {
    assertThat(FirstPredictionCommand.median(new double[] {1, 2, 9})).isEqualTo(2);
    assertThat(FirstPredictionCommand.median(new double[] {1, 2, 4, 9})).isEqualTo(3);
  }

  @Test
  void stepsOfALoaderAreToldWithoutFolders() {
    assertThat(LoadTimeline.withoutFolders("Debug: Loading /home/me/.cache/a/libdnnl.so.3"))
        .isEqualTo("Debug: Loading libdnnl.so.3");
    assertThat(LoadTimeline.withoutFolders("nothing to do | done"))
        .isEqualTo("nothing to do \\| done");
  }

  @Test
  void aFirstPredictionNeedsAModelOrAJarWithAnImage() {
    StringWriter err = new StringWriter();

    int status =
        Main.commandLine().setErr(new PrintWriter(err)).execute("first-prediction", "some.jar");

    assertThat(status).isEqualTo(2);
    assertThat(err.toString()).contains("some.jar").contains("vim_tiny");
  }

  @Test
  void memoryIsReadInKibibytes() {
    assertThat(Machine.kibibytes("   1234 kB")).isEqualTo(1234 * 1024);
  }
}
