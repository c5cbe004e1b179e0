package io.github.ptq4vm.network;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * A backbone: sections of typed operations from the value {@link #IMAGE} to logits. Immutable;
 * checked when it is made, so that whoever walks it need not check again.
 */
public final class Network {

  /** Name of the input: the normalised image, {@code height*width} tokens of RGB. */
  public static final String IMAGE = "image";

  private final String architecture;
  private final int height;
  private final int width;
  private final List<Section> sections;
  private final Map<String, ValueShape> shapes;
  private final SortedMap<String, Parameter> parameters;

  /**
   * Checks and makes a network.
   *
   * @param architecture what a reader calls it, e.g. {@code vim-d192-l24}; nothing depends on it
   * @param height height of the input image in pixels
   * @param width width of the input image in pixels
   * @throws InvalidNetworkException if operations do not fit together, a value or parameter is
   *     defined twice or not at all, or a section reads more than the value in front of it
   */
  public Network(String architecture, int height, int width, List<Section> sections) {
    this.architecture = architecture;
    this.height = height;
    this.width = width;
    this.sections = List.copyOf(sections);
    this.shapes = new HashMap<>();
    this.parameters = new TreeMap<>();
    if (sections.isEmpty()) {
      throw new InvalidNetworkException("A network needs at least one section.");
    }
    shapes.put(IMAGE, new ValueShape(Math.multiplyExact(height, width), 3));
    String stream = IMAGE;
    Set<String> names = new HashSet<>();
    Set<String> owned = new HashSet<>();
    for (Section section : sections) {
      if (!names.add(section.name())) {
        throw new InvalidNetworkException("Section \"" + section.name() + "\" is there twice.");
      }
      check(section, stream, owned);
      stream = section.output();
    }
    if (shapes.get(stream).tokens() != 1) {
      throw new InvalidNetworkException(
          "The last value \""
              + stream
              + "\" has "
              + shapes.get(stream).tokens()
              + " tokens; logits have one.");
    }
  }

  private void check(Section section, String stream, Set<String> owned) {
    Set<String> visible = new HashSet<>(Set.of(stream));
    for (Operation operation : section.operations()) {
      List<ValueShape> inputs = new ArrayList<>();
      for (String input : operation.inputs()) {
        if (!visible.contains(input)) {
          throw new InvalidNetworkException(
              "Operation \""
                  + operation.output()
                  + "\" in section \""
                  + section.name()
                  + "\" reads \""
                  + input
                  + "\", which is not defined in its section and is not \""
                  + stream
                  + "\".");
        }
        inputs.add(shapes.get(input));
      }
      if (shapes.containsKey(operation.output())) {
        throw new InvalidNetworkException(
            "The value \"" + operation.output() + "\" is defined twice.");
      }
      shapes.put(operation.output(), operation.outputShape(inputs));
      visible.add(operation.output());
      for (Parameter parameter : parametersOf(operation)) {
        define(parameter, operation, owned);
      }
    }
  }

  /**
   * Operations may share a parameter, but a linear that is quantized has its own: its codes belong
   * to its own step sizes.
   */
  private void define(Parameter parameter, Operation operation, Set<String> owned) {
    boolean own = operation instanceof Operation.Linear linear && linear.quantizable();
    Parameter earlier = parameters.put(parameter.name(), parameter);
    if (own ? !owned.add(parameter.name()) || earlier != null : owned.contains(parameter.name())) {
      throw new InvalidNetworkException(
          "The parameter \""
              + parameter.name()
              + "\" belongs to a quantizable linear and is used by two operations.");
    }
    if (earlier != null && !earlier.equals(parameter)) {
      throw new InvalidNetworkException(
          "Two operations use \""
              + parameter.name()
              + "\" as "
              + earlier
              + " and "
              + parameter
              + ".");
    }
  }

  /** Parameters an operation of this network needs. */
  public List<Parameter> parametersOf(Operation operation) {
    return operation instanceof Operation.Linear linear
        ? linear.parameters(shape(linear.input()).tokens())
        : operation.parameters();
  }

  /** What a reader calls the network. */
  public String architecture() {
    return architecture;
  }

  /** Height of the input image in pixels. */
  public int height() {
    return height;
  }

  /** Width of the input image in pixels. */
  public int width() {
    return width;
  }

  /** Sections in order of execution. */
  public List<Section> sections() {
    return sections;
  }

  /** All operations in order of execution. */
  public List<Operation> operations() {
    return sections.stream().flatMap(section -> section.operations().stream()).toList();
  }

  /** Linears the method quantizes, in order of execution. */
  public List<Operation.Linear> quantizableLinears() {
    return operations().stream()
        .filter(Operation.Linear.class::isInstance)
        .map(Operation.Linear.class::cast)
        .filter(Operation.Linear::quantizable)
        .toList();
  }

  /** Shape of a value for one image. */
  public ValueShape shape(String value) {
    ValueShape shape = shapes.get(value);
    if (shape == null) {
      throw new InvalidNetworkException("There is no value \"" + value + "\".");
    }
    return shape;
  }

  /** Name of the last value. */
  public String logits() {
    return sections.get(sections.size() - 1).output();
  }

  /** Number of logits. */
  public int classes() {
    return shape(logits()).channels();
  }

  /** Every parameter by name: what a checkpoint or artifact must provide, no more and no less. */
  public SortedMap<String, Parameter> parameters() {
    return Collections.unmodifiableSortedMap(parameters);
  }

  /** The same network with each quantizable linear replaced. */
  public Network mapLinears(UnaryOperator<Operation.Linear> change) {
    return new Network(
        architecture,
        height,
        width,
        sections.stream()
            .map(
                section ->
                    new Section(
                        section.name(),
                        section.block(),
                        section.operations().stream()
                            .map(
                                operation ->
                                    operation instanceof Operation.Linear linear
                                            && linear.quantizable()
                                        ? change.apply(linear)
                                        : operation)
                            .toList()))
            .toList());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Network that
        && architecture.equals(that.architecture)
        && height == that.height
        && width == that.width
        && sections.equals(that.sections);
  }

  @Override
  public int hashCode() {
    return sections.hashCode();
  }

  @Override
  public String toString() {
    return architecture + " " + height + "x" + width;
  }
}
