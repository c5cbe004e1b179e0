package io.github.ptq4vm.benchmarks.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class LogLogPlotTest {

  @Test
  void ticksAreOneTwoFiveTimesPowersOfTen() {
    assertThat(LogLogPlot.below(7)).isEqualTo(5);
    assertThat(LogLogPlot.below(10)).isEqualTo(10);
    assertThat(LogLogPlot.below(199)).isEqualTo(100);
    assertThat(LogLogPlot.below(0.3)).isCloseTo(0.2, within(1e-12));
    assertThat(LogLogPlot.next(1)).isEqualTo(2);
    assertThat(LogLogPlot.next(5)).isEqualTo(10);
    assertThat(LogLogPlot.next(0.2)).isCloseTo(0.5, within(1e-12));
  }

  @Test
  void eachPointIsACircleAndEachLineIsNamed() throws Exception {
    LogLogPlot plot =
        new LogLogPlot(
            "One & all",
            "tokens",
            "ms",
            Map.of(
                "a < b",
                List.of(new LogLogPlot.Point(100, 10), new LogLogPlot.Point(10, 1)),
                "c",
                List.of(new LogLogPlot.Point(10, 4))));

    Document svg = parse(LogLogPlot.sideBySide(List.of(plot, plot)));

    assertThat(svg.getElementsByTagName("circle").getLength()).isEqualTo(2 * 3);
    assertThat(svg.getDocumentElement().getTextContent()).contains("a < b").contains("One & all");
    // The line goes from the lower left corner, whatever the order of its points.
    assertThat(LogLogPlot.sideBySide(List.of(plot))).contains("d=\"M64.0 328.0L504.0 40.0\"");
  }

  @Test
  void aLogarithmicAxisHasNoZero() {
    LogLogPlot plot =
        new LogLogPlot("", "x", "y", Map.of("a", List.of(new LogLogPlot.Point(0, 1))));

    assertThatThrownBy(() -> LogLogPlot.sideBySide(List.of(plot)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Document parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }
}
