package io.github.ptq4vm.compiler.checkpoint;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a pickle can contain, as far as weights need it. Everything else is {@link Inert}.
 * Containers compare by identity, because a hostile pickle may nest them without end or in a
 * circle.
 */
sealed interface PickleValue {

  /** How a message calls the value. */
  String describe();

  /** A string. */
  record Text(String value) implements PickleValue {
    @Override
    public String describe() {
      return "a string";
    }
  }

  /** An integer of up to 64 bits. */
  record Int(long value) implements PickleValue {
    @Override
    public String describe() {
      return "the integer " + value;
    }
  }

  /** A tuple. */
  final class Tuple implements PickleValue {
    private final List<PickleValue> items;

    Tuple(List<PickleValue> items) {
      this.items = List.copyOf(items);
    }

    /** Items in order. */
    List<PickleValue> items() {
      return items;
    }

    @Override
    public String describe() {
      return "a tuple";
    }
  }

  /**
   * A dict: its entries with string keys in the file's order; of other keys only that they exist.
   */
  final class Dict implements PickleValue {
    private final Map<String, PickleValue> entries = new LinkedHashMap<>();
    private @Nullable PickleValue otherKey;

    /** Entries with string keys. */
    Map<String, PickleValue> entries() {
      return entries;
    }

    /** A key that is no string, or null if there is none. */
    @Nullable PickleValue otherKey() {
      return otherKey;
    }

    /** Adds an entry; says whether its key is new. */
    boolean put(PickleValue key, PickleValue value) {
      if (key instanceof Text text) {
        return entries.put(text.value(), value) == null;
      }
      otherKey = key;
      return true;
    }

    @Override
    public String describe() {
      return "a dict of " + entries.size() + " entries";
    }
  }

  /** The name of a class or function: only ever a name here. */
  record Global(String module, String name) implements PickleValue {
    /** Module and name joined by a dot. */
    String qualified() {
      return module + "." + name;
    }

    @Override
    public String describe() {
      return "the class or function " + qualified();
    }
  }

  /**
   * A storage: a run of elements in an archive entry of its own.
   *
   * @param dtype element type
   * @param key name of the entry below the archive's {@code data} folder
   * @param elements length in elements, as the pickle claims
   */
  record Storage(Dtype dtype, String key, long elements) implements PickleValue {
    @Override
    public String describe() {
      return "the storage " + key;
    }
  }

  /**
   * A strided view of a storage, as the pickle claims it; {@link StridedLayout} checks it.
   *
   * @param offset first element
   * @param size extents, outermost first
   * @param stride distance of neighbours along each extent, in elements
   */
  record View(Storage storage, long offset, List<Long> size, List<Long> stride)
      implements PickleValue {
    @Override
    public String describe() {
      return "a tensor of shape " + size;
    }
  }

  /**
   * A value that nothing here needs: its contents are dropped, its kind is kept for messages.
   *
   * @param kind what it is
   * @param type its class, or null; kept apart because a joined text for each of a million values
   *     would be a way to exhaust memory
   */
  record Inert(String kind, @Nullable Global type) implements PickleValue {
    Inert(String kind) {
      this(kind, null);
    }

    @Override
    public String describe() {
      return type == null ? kind : kind + " " + type.qualified();
    }
  }
}
