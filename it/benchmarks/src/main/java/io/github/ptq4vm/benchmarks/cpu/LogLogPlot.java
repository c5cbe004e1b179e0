package io.github.ptq4vm.benchmarks.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.DoubleStream;

/**
 * Lines on axes that are both logarithmic, as SVG.
 *
 * @param title above the plot
 * @param across what the horizontal axis counts; it has a tick for each value there is
 * @param up what the vertical axis measures, with ticks at 1, 2 and 5 times powers of ten
 * @param lines points of each line by its name, in order
 */
record LogLogPlot(String title, String across, String up, Map<String, List<Point>> lines) {
  private static final int WIDTH = 520;
  private static final int HEIGHT = 380;
  private static final int LEFT = 64;
  private static final int RIGHT = 16;
  private static final int TOP = 40;
  private static final int BOTTOM = 52;
  private static final int LEGEND_LINE = 17;
  private static final double[] STEPS = {1, 2, 5, 10};
  // Distinct for readers who do not see all colours, together with the dashes.
  private static final List<String> COLOURS =
      List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000");
  private static final List<String> DASHES = List.of("none", "6 3", "2 3");

  /** A point. */
  record Point(double x, double y) {}

  /** Several plots in one picture, with one legend for the lines of the first. */
  static String sideBySide(List<LogLogPlot> plots) {
    List<String> names = new ArrayList<>(plots.get(0).lines().keySet());
    int width = WIDTH * plots.size();
    int rows = (names.size() + 2) / 3;
    int height = HEIGHT + LEGEND_LINE * rows + 12;
    StringBuilder svg = new StringBuilder();
    svg.append(
        ("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
                + " height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">%n"
                + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n")
            .formatted(width, height, width, height));
    for (int i = 0; i < plots.size(); i++) {
      svg.append("<g transform=\"translate(%d 0)\">%n".formatted(i * WIDTH));
      plots.get(i).draw(svg, names);
      svg.append("</g>\n");
    }
    for (int i = 0; i < names.size(); i++) {
      int x = LEFT + i % 3 * (width - LEFT) / 3;
      int y = HEIGHT + LEGEND_LINE * (i / 3);
      svg.append(
          "<path d=\"M%d %dh28\" %s/><text x=\"%d\" y=\"%d\">%s</text>%n"
              .formatted(x, y, stroke(i), x + 34, y + 4, escaped(names.get(i))));
    }
    return svg.append("</svg>\n").toString();
  }

  private void draw(StringBuilder svg, List<String> names) {
    double[] xs = all(points().mapToDouble(Point::x));
    double[] ys = all(points().mapToDouble(Point::y));
    Axis horizontal = new Axis(xs[0], xs[xs.length - 1], LEFT, WIDTH - RIGHT);
    Axis vertical = new Axis(below(ys[0]), above(ys[ys.length - 1]), HEIGHT - BOTTOM, TOP);
    text(svg, (LEFT + WIDTH - RIGHT) / 2, TOP - 18, "font-weight=\"bold\"", title);
    text(svg, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, "", across + " (logarithmic)");
    text(
        svg,
        16,
        (TOP + HEIGHT - BOTTOM) / 2,
        "transform=\"rotate(-90 16 %d)\"".formatted((TOP + HEIGHT - BOTTOM) / 2),
        up + " (logarithmic)");
    for (double y = below(ys[0]); y <= vertical.to() * 1.0001; y = next(y)) {
      double at = vertical.at(y);
      grid(svg, "M%d %.1fH%d".formatted(LEFT, at, WIDTH - RIGHT));
      svg.append(
          "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>%n"
              .formatted(LEFT - 6, at + 4, number(y)));
    }
    for (double x : new TreeSet<>(DoubleStream.of(xs).boxed().toList())) {
      grid(svg, "M%.1f %dV%d".formatted(horizontal.at(x), TOP, HEIGHT - BOTTOM));
      text(svg, horizontal.at(x), HEIGHT - BOTTOM + 18, "", number(x));
    }
    lines.forEach(
        (name, points) -> {
          StringBuilder path = new StringBuilder();
          List<Point> ordered =
              points.stream().sorted((a, b) -> Double.compare(a.x(), b.x())).toList();
          for (Point point : ordered) {
            double x = horizontal.at(point.x());
            double y = vertical.at(point.y());
            path.append(
                String.format(Locale.ROOT, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", x, y));
          }
          int number = Math.max(0, names.indexOf(name));
          svg.append("<path d=\"%s\" %s/>%n".formatted(path, stroke(number)));
          for (Point point : ordered) {
            svg.append(
                String.format(
                    Locale.ROOT,
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>%n",
                    horizontal.at(point.x()),
                    vertical.at(point.y()),
                    COLOURS.get(number % COLOURS.size())));
          }
        });
  }

  /** A range of values and where it lies. */
  private record Axis(double from, double to, double start, double end) {
    double at(double value) {
      double share = to > from ? Math.log(value / from) / Math.log(to / from) : 0.5;
      return start + share * (end - start);
    }
  }

  private java.util.stream.Stream<Point> points() {
    return lines.values().stream().flatMap(List::stream);
  }

  private static double[] all(DoubleStream values) {
    double[] sorted = values.sorted().toArray();
    if (sorted.length == 0 || !(sorted[0] > 0)) {
      throw new IllegalArgumentException("A logarithmic axis needs values above zero.");
    }
    return sorted;
  }

  /** The largest tick that is not above a value. */
  static double below(double value) {
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    double tick = power;
    for (double step : STEPS) {
      tick = step * power <= value ? step * power : tick;
    }
    return tick;
  }

  private static double above(double value) {
    double tick = below(value);
    return tick >= value ? tick : next(tick);
  }

  /** The tick after a tick. */
  static double next(double tick) {
    double power = Math.pow(10, Math.floor(Math.log10(tick * 1.0001)));
    for (double step : STEPS) {
      if (step * power > tick * 1.0001) {
        return step * power;
      }
    }
    throw new IllegalArgumentException(tick + " is no tick.");
  }

  private static String number(double value) {
    return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf((float) value);
  }

  private static String stroke(int line) {
    return "fill=\"none\" stroke-width=\"2\" stroke=\"%s\" stroke-dasharray=\"%s\""
        .formatted(
            COLOURS.get(line % COLOURS.size()), DASHES.get(line / COLOURS.size() % DASHES.size()));
  }

  private static void grid(StringBuilder svg, String path) {
    svg.append("<path d=\"%s\" stroke=\"#dddddd\"/>%n".formatted(path));
  }

  private static void text(StringBuilder svg, double x, double y, String attributes, String text) {
    svg.append(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" %s>%s</text>%n"
            .formatted(x, y, attributes, escaped(text)));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
