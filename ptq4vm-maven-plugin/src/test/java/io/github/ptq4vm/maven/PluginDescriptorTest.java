package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.ptq4vm.compiler.Recipe;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** Reads the descriptor that the build made of the annotations. */
class PluginDescriptorTest {
  private static final Map<String, Element> PARAMETERS = new TreeMap<>();
  private static final Map<String, Element> GOALS = new TreeMap<>();
  private static Element quantize;

  @BeforeAll
  static void read() throws Exception {
    Path file = Path.of("target/classes/META-INF/maven/plugin.xml");
    try (InputStream in = Files.newInputStream(file)) {
      Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
      NodeList mojos = document.getElementsByTagName("mojo");
      for (int i = 0; i < mojos.getLength(); i++) {
        Element mojo = (Element) mojos.item(i);
        GOALS.put(text(mojo, "goal"), mojo);
      }
    }
    quantize = GOALS.get("quantize");
    Node configuration = quantize.getElementsByTagName("configuration").item(0);
    for (Node n = configuration.getFirstChild(); n != null; n = n.getNextSibling()) {
      if (n instanceof Element element) {
        PARAMETERS.put(element.getTagName(), element);
      }
    }
  }

  private static String text(Element element, String tag) {
    return element.getElementsByTagName(tag).item(0).getTextContent();
  }

  @Test
  @DisplayName("binds the goal to prepare-package, for parallel builds, without dependencies")
  void goal() {
    assertThat(text(quantize, "phase")).isEqualTo("prepare-package");
    assertThat(text(quantize, "threadSafe")).isEqualTo("true");
    assertThat(text(quantize, "requiresProject")).isEqualTo("true");
    assertThat(quantize.getElementsByTagName("requiresDependencyResolution").getLength()).isZero();
  }

  @Test
  @DisplayName("has these goals, all of them for parallel builds")
  void goals() {
    assertThat(GOALS).containsOnlyKeys("devices", "help", "inspect", "quantize", "verify");
    assertThat(GOALS.values())
        .allSatisfy(goal -> assertThat(text(goal, "threadSafe")).isEqualTo("true"));
    assertThat(text(GOALS.get("verify"), "phase")).isEqualTo("verify");
    assertThat(text(GOALS.get("verify"), "requiresProject")).isEqualTo("true");
  }

  @ParameterizedTest
  @ValueSource(strings = {"devices", "help", "inspect"})
  @DisplayName("these goals need no project, are bound to no phase and resolve no dependencies")
  void withoutProject(String goal) {
    assertThat(text(GOALS.get(goal), "requiresProject")).isEqualTo("false");
    assertThat(GOALS.get(goal).getElementsByTagName("phase").getLength()).isZero();
    assertThat(GOALS.get(goal).getElementsByTagName("requiresDependencyResolution").getLength())
        .isZero();
  }

  @Test
  @DisplayName("every parameter a user can set says what it is for, in each goal")
  void documented() {
    int described = 0;
    for (Element goal : GOALS.values()) {
      NodeList parameters = goal.getElementsByTagName("parameter");
      for (int i = 0; i < parameters.getLength(); i++) {
        Element parameter = (Element) parameters.item(i);
        if (text(parameter, "editable").equals("true")) {
          assertThat(text(parameter, "description")).as(text(parameter, "name")).isNotBlank();
          described++;
        }
      }
    }
    assertThat(described).isGreaterThan(40);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "alpha",
        "architecture",
        "batch",
        "calibrationDirectory",
        "calibrationImages",
        "calibrationSelection",
        "checkpoint",
        "imageSize",
        "interpolatePositions",
        "license",
        "licenseFile",
        "outputDirectory",
        "rate",
        "scanDirections",
        "seed",
        "skip",
        "steps",
        "stride",
        "synset",
        "threads",
        "validationDirectory",
        "variants",
        "weights",
        "workerJvmArguments",
        "workerMemory"
      })
  @DisplayName("every parameter is the property ptq4vm.<name> too")
  void property(String name) {
    assertThat(PARAMETERS).containsKey(name);
    assertThat(PARAMETERS.get(name).getTextContent()).isEqualTo("${ptq4vm." + name + "}");
  }

  @Test
  @DisplayName("the recipe's defaults are the compiler's")
  void recipe() {
    Recipe recipe =
        new Recipe(
            Recipe.Method.valueOf(standard("method").toUpperCase(Locale.ROOT)),
            Double.parseDouble(standard("alpha")),
            Integer.parseInt(standard("steps")),
            Integer.parseInt(standard("batch")),
            Double.parseDouble(standard("rate")),
            Long.parseLong(standard("seed")));
    assertThat(recipe).isEqualTo(Recipe.defaults());
  }

  private static String standard(String name) {
    return PARAMETERS.get(name).getAttribute("default-value");
  }
}
