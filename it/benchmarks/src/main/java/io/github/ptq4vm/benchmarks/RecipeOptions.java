package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.Recipe;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options of commands that compile; what is not given is the compiler's default. */
final class RecipeOptions {
  @Option(names = "--method", description = "Method: ${COMPLETION-CANDIDATES}.")
  Recipe.@Nullable Method method;

  @Option(names = "--steps", description = "Gradient steps a block.")
  @Nullable Integer steps;

  @Option(names = "--batch", description = "Images a gradient step sees.")
  @Nullable Integer batch;

  @Option(names = "--rate", description = "Learning rate.")
  @Nullable Double rate;

  @Option(names = "--images", description = "Calibration images (default: the model card's).")
  @Nullable Integer images;

  @Option(
      names = "--threads",
      defaultValue = "${sys:ptq4vm.threads:-2}",
      description = "Threads (default: ${DEFAULT-VALUE}).")
  int threads;

  /** The recipe asked for. */
  Recipe recipe() {
    Recipe base = Recipe.defaults();
    return new Recipe(
        method == null ? base.method() : method,
        base.alpha(),
        steps == null ? base.steps() : steps,
        batch == null ? base.batch() : batch,
        rate == null ? base.rate() : rate,
        base.seed());
  }

  /** Reads variants: {@code w<bits>a<bits>}. */
  static final class VariantConverter implements ITypeConverter<Variant> {
    private static final Pattern NAME = Pattern.compile("w([2-8])a([2-8])");

    /** Creates the converter. */
    VariantConverter() {}

    @Override
    public Variant convert(String name) {
      Matcher matcher = NAME.matcher(name);
      if (!matcher.matches()) {
        throw new TypeConversionException(
            "\"" + name + "\" is no variant; write w<bits>a<bits> with 2 to 8 bits, e.g. w4a8");
      }
      return new Variant(
          name, Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }
  }

  /** Names of variants, comma separated. */
  static String names(List<Variant> variants) {
    return String.join(", ", variants.stream().map(Variant::name).toList());
  }
}
