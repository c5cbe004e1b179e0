package io.github.ptq4vm.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.UnsupportedModelException;
import io.github.ptq4vm.network.GridOperation;
import io.github.ptq4vm.network.Network;
import io.github.ptq4vm.network.Operation;
import io.github.ptq4vm.network.TokenOperation;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Holds the file format against a document written by hand: names of operations and attributes must
 * not change with the names in the code. A new operation belongs into the document.
 */
class NetworkJsonTest {

  private String document;

  @BeforeEach
  void read() throws IOException {
    try (InputStream in = NetworkJsonTest.class.getResourceAsStream("all-operations.json")) {
      document = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void readsTheDocument() {
    Network network = parse(document);

    assertThat(network.architecture()).isEqualTo("every-operation");
    assertThat(network.classes()).isEqualTo(2);
    Set<Class<?>> missing = new HashSet<>(operations());
    network.operations().forEach(operation -> missing.remove(operation.getClass()));
    assertThat(missing).as("operations that belong into all-operations.json").isEmpty();
  }

  /** Every operation there is: the nested records, whatever interfaces sort them. */
  private static List<Class<?>> operations() {
    return Stream.of(Operation.class, GridOperation.class, TokenOperation.class)
        .flatMap(type -> Arrays.stream(type.getDeclaredClasses()))
        .filter(type -> type.isRecord() && Operation.class.isAssignableFrom(type))
        .toList();
  }

  @Test
  void writesTheDocument() {
    assertThat(JsonText.of(NetworkJson.write(parse(document)))).isEqualTo(document);
  }

  @Test
  void theDocumentationKnowsEveryOperationAndAttribute() throws IOException {
    List<String> rows = Files.readAllLines(Path.of("../docs/artifact-format.md"));
    for (Class<?> operation : operations()) {
      String tag =
          operation.getSimpleName().substring(0, 1).toLowerCase(Locale.ROOT)
              + operation.getSimpleName().substring(1);
      String row =
          rows.stream().filter(r -> r.startsWith("| `" + tag + "` | `")).findFirst().orElse("");
      for (RecordComponent component : operation.getRecordComponents()) {
        if (!component.getName().equals("output")) {
          assertThat(row).as(tag).contains("`" + component.getName() + "`");
        }
      }
    }
  }

  @Test
  void theRuntimeVersionIsThatOfTheBuild() throws IOException {
    assertThat(Files.readString(Path.of("pom.xml")))
        .containsPattern(
            "<version>" + Pattern.quote(ArtifactFormat.RUNTIME_VERSION) + "(-SNAPSHOT)?</version>");
  }

  @ParameterizedTest(name = "{0} -> {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"type\":\"gather\"         | \"type\":\"warp\"            | \"warp\" names an operation",
        "\"activation\":\"silu\"     | \"activation\":\"relu\"      | \"relu\" is a value",
        "\"rotation\":\"none\"       | \"rotation\":\"givens\"      | \"givens\" is a value",
        "\"scale\":\"static_per_token\" | \"scale\":\"per_tensor\"  | \"per_tensor\" is a value",
        "\"type\":\"add\",           | \"type\":\"add\",\"scaled\":2, | scaled = 2 is an attribute",
      })
  void namesTheRuntimeThatKnowsWhatThisOneDoesNot(String known, String unknown, String problem) {
    assertThatThrownBy(() -> parse(replace(known, unknown)))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining(problem)
        .hasMessageContaining("ptq4vm-runtime 9.9 or newer");
  }

  @ParameterizedTest(name = "{0} -> {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"stride\":1,              | ``                        | $.sections[0].operations[6] lacks",
        "\"stride\":1,              | \"stride\":\"2\",         | operations[6].stride should be an integer",
        "\"stride\":1,              | \"stride\":2.0,           | operations[6].stride should be an integer",
        "\"stride\":1,              | \"stride\":4294967298,    | operations[6].stride should be an integer",
        "\"stride\":1,              | \"stride\":null,          | operations[6].stride should be",
        "\"stride\":1,              | \"stride\":0,             | does not fit a grid",
        "\"eps\":1.0E-5             | \"eps\":1e999             | eps should be a finite number",
        "\"block\": true            | \"block\": 1              | block should be true or false",
        "\"height\": 4              | \"height\": 0             | $.height should be an integer",
        "\"order\":\"order0\"       | \"order\":\"order9\"      | should name one of the token orders",
        "\"inputs\":[\"scan\"       | \"inputs\":[1             | inputs[0] should be a string",
        "\"inputs\":[\"scan\",\"y\"] | \"inputs\":[]            | merges nothing",
        "\"positions\": [4,3         | \"positions\": [4,4        | named twice",
        "\"positions\": [4,3         | \"positions\": [5,3        | positions[0] should be an integer",
        "\"tokens\": 5              | \"tokens\": 2000000000    | tokens should be an integer",
        "\"weightBits\":4           | \"weightBits\":1          | between 2 and 8",
        "\"left\":\"rope\"          | \"left\":\"later\"        | reads \"later\"",
      })
  void saysWhereTheDocumentIsWrong(String right, String wrong, String problem) {
    assertThatThrownBy(() -> parse(replace(right, wrong)))
        .isInstanceOf(CorruptModelException.class)
        .hasMessageStartingWith("every.json: $")
        .hasMessageContaining(problem);
  }

  @ParameterizedTest(name = "{0} -> {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"channels\":3,\"height\":4,\"width\":4,\"kernel\":3 | \"channels\":3,\"height\":-4,\"width\":-4,\"kernel\":3 | \"smooth\" has channels, height, width [3, -4, -4]",
        "\"channels\":3,\"height\":4,\"width\":4} | \"channels\":3,\"height\":-4,\"width\":-4} | \"merged\" has channels, height, width [3, -4, -4]",
        "\"channels\":3,\"height\":4,\"width\":4} | \"channels\":3,\"height\":16,\"width\":268435457} | \"merged\" has a grid of 16 x 268435457",
        "\"channels\":3,\"height\":4,\"width\":4,\"kernel\":3 | \"channels\":3,\"height\":16,\"width\":268435457,\"kernel\":3 | \"smooth\" has a grid of 16 x 268435457",
        "\"channels\":3,\"height\":4,\"width\":4} | \"channels\":1073741825,\"height\":4,\"width\":4} | too many channels of 1073741825",
        "\"height\":2,\"width\":2,\"kernel\":3 | \"height\":16,\"width\":268435457,\"kernel\":3 | \"patch\" has a grid of 16 x 268435457",
        "\"height\":2,\"width\":2,\"kernel\":3 | \"height\":-2,\"width\":-2,\"kernel\":3 | height, width [12, 4, -2, -2]",
        "\"height\":2,\"width\":2,\"kernel\":3,\"stride\":1,\"padding\":1 | \"height\":2,\"width\":2,\"kernel\":2147483647,\"stride\":1,\"padding\":1 | does not fit a grid",
        "\"height\":2,\"width\":2,\"kernel\":3,\"stride\":1,\"padding\":1 | \"height\":2,\"width\":2,\"kernel\":2147483647,\"stride\":2147483647,\"padding\":1073741824 | parameter \"patch.w\"",
        "\"height\":2,\"width\":2,\"kernel\":3,\"stride\":1,\"padding\":1 | \"height\":2,\"width\":2,\"kernel\":2147483647,\"stride\":1,\"padding\":2147483646 | \"patch\" has a grid of",
        "\"inChannels\":12,\"outChannels\":4 | \"inChannels\":12,\"outChannels\":-4 | outChannels, height, width [12, -4, 2, 2]",
        "\"kernel\":3,\"weight\":\"smooth.w\" | \"kernel\":2147483647,\"weight\":\"smooth.w\" | parameter \"smooth.w\"",
        "\"channels\":12,\"eps\":1.0E-5 | \"channels\":-12,\"eps\":1.0E-5 | \"normed\" has channels [-12]",
        "\"channels\":12,\"eps\":1.0E-5 | \"channels\":12,\"eps\":0.0 | \"normed\" has eps 0.0",
        "\"channels\":4,\"eps\":1.0E-5 | \"channels\":4,\"eps\":-1.0E-5 | \"norm\" has eps -1.0E-5",
        "\"channels\":4,\"eps\":1.0E-5 | \"channels\":-4,\"eps\":1.0E-5 | \"norm\" has channels [-4]",
        "\"channels\":4,\"position\":2 | \"channels\":-4,\"position\":2 | \"cls\" has channels [-4]",
        "\"channels\":4,\"position\":2 | \"channels\":4,\"position\":-2 | \"cls\" has the position -2",
        "\"input\":\"out\",\"position\":2 | \"input\":\"out\",\"position\":-1 | \"token\" has the position -1",
        "\"tokens\":5,\"channels\":4,\"table\" | \"tokens\":-5,\"channels\":-4,\"table\" | \"x\" has tokens, channels [-5, -4]",
        "\"tokens\":5,\"channels\":4,\"cos\" | \"tokens\":-5,\"channels\":-4,\"cos\" | \"rope\" has tokens, channels [-5, -4]",
        "\"channels\":4,\"width\":3 | \"channels\":4,\"width\":-3 | \"u\" has channels, width [4, -3]",
        "\"channels\":4,\"width\":3 | \"channels\":4,\"width\":2147483647 | parameter \"conv.w\"",
        "\"channels\":4,\"states\":2 | \"channels\":4,\"states\":-2 | \"s\" has channels, states [4, -2]",
        "\"inFeatures\":4,\"outFeatures\":2 | \"inFeatures\":4,\"outFeatures\":-2 | \"head\" has inFeatures, outFeatures [4, -2]",
      })
  void sizesThatCannotBe(String right, String wrong, String problem) {
    saysWhereTheDocumentIsWrong(right, wrong, problem);
  }

  private String replace(String from, String to) {
    assertThat(document).contains(from);
    return document.replace(from, to);
  }

  private static Network parse(String text) {
    JsonValue json = JsonValue.parse(text.getBytes(StandardCharsets.UTF_8), "every.json");
    return NetworkJson.read(json, "9.9");
  }
}
