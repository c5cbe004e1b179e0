package io.github.ptq4vm.compiler.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the goal's documentation says can be asked for is what there is. */
class ParameterDocumentationTest {
  private static final Path MOJOS = Path.of("src/main/java/io/github/ptq4vm/maven");
  private static final Pattern NAME = Pattern.compile("\\{@code\\s+([a-z-]+)}");

  @ParameterizedTest
  @CsvSource({
    "AbstractWorkerMojo, ptq4vm.architecture, network:, ;",
    "QuantizeMojo, ptq4vm.scanDirections, table:, ."
  })
  void namesAreThoseThatAreKnown(String mojo, String property, String from, String to)
      throws IOException {
    String source = Files.readString(MOJOS.resolve(mojo + ".java")).replaceAll("\\n\\s+\\*", "");
    String before = source.substring(0, source.indexOf("\"" + property + "\""));
    String list = before.substring(before.lastIndexOf(from));
    list = list.substring(0, list.indexOf(to));
    Set<String> names =
        new TreeSet<>(NAME.matcher(list).results().map((MatchResult r) -> r.group(1)).toList());
    String known =
        property.equals("ptq4vm.architecture") ? Families.names() : DirectionTables.names();
    assertThat(names).isEqualTo(new TreeSet<>(List.of(known.split(", "))));
  }
}
