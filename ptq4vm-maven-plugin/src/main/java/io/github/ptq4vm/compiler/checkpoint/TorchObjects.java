package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.checkpoint.PickleValue.Dict;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Global;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Inert;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Int;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Storage;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Text;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Tuple;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The few things a state dict's pickle asks for by name, and what they become here. */
final class TorchObjects {

  /**
   * Modules whose mere mention means that the file was made to attack whoever unpickles it. Nothing
   * is ever called here, so safety does not rest on this list; the user should know all the same.
   */
  private static final Set<String> ATTACKS =
      Set.of(
          "os",
          "posix",
          "nt",
          "sys",
          "subprocess",
          "pty",
          "socket",
          "shutil",
          "runpy",
          "importlib",
          "ctypes",
          "webbrowser");

  private static final Set<String> BUILTINS = Set.of("builtins", "__builtin__");
  private static final Set<String> ATTACKING_BUILTINS =
      Set.of("eval", "exec", "execfile", "compile", "open", "__import__", "breakpoint");

  /** More than PyTorch's operations use; a hostile file could share one huge size many times. */
  private static final int MOST_DIMENSIONS = 16;

  private TorchObjects() {}

  /** The name itself; refuses functions that would act on the machine. */
  static Global global(String module, String name, PickleInput in) {
    Global global = new Global(module, name);
    if (ATTACKS.contains(module)
        || BUILTINS.contains(module) && ATTACKING_BUILTINS.contains(name)) {
      throw in.failure(
          "names "
              + global.qualified()
              + ", which no checkpoint needs: the file may be an attack on programs that unpickle"
              + " it. Nothing was run here");
    }
    return global;
  }

  /** What a call would give: an empty ordered dict, a tensor, or an inert value. */
  static PickleValue call(Global callee, PickleValue arguments, PickleInput in) {
    if (!(arguments instanceof Tuple tuple)) {
      throw in.failure("calls " + callee.qualified() + " with " + arguments.describe());
    }
    List<PickleValue> items = tuple.items();
    return switch (callee.qualified()) {
      case "collections.OrderedDict" ->
          items.isEmpty() ? new Dict() : new Inert("an OrderedDict made from values");
      case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> view(items, in);
      case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state" -> {
        if (items.isEmpty()) {
          throw in.failure("makes a parameter from nothing");
        }
        yield items.get(0);
      }
      default -> new Inert("an object of", callee);
    };
  }

  /** A persistent id: {@code ('storage', class, key, device, elements)}. */
  static PickleValue persistent(PickleValue id, PickleInput in) {
    if (id instanceof Tuple tuple
        && tuple.items().size() == 5
        && tuple.items().get(0) instanceof Text kind
        && kind.value().equals("storage")
        && tuple.items().get(1) instanceof Global type
        && tuple.items().get(2) instanceof Text key
        && tuple.items().get(4) instanceof Int elements) {
      return Dtype.ofStorage(type.name())
          .filter(dtype -> type.module().equals("torch"))
          .<PickleValue>map(dtype -> new Storage(dtype, key.value(), elements.value()))
          .orElseGet(() -> new Inert("a storage of", type));
    }
    throw in.failure("refers to something that is not a storage");
  }

  private static PickleValue view(List<PickleValue> arguments, PickleInput in) {
    if (arguments.size() >= 4 && arguments.get(0) instanceof Inert storage) {
      return new Inert("a tensor over a storage of", storage.type());
    }
    if (arguments.size() >= 4
        && arguments.get(0) instanceof Storage storage
        && arguments.get(1) instanceof Int offset
        && arguments.get(2) instanceof Tuple size
        && arguments.get(3) instanceof Tuple stride) {
      return new View(storage, offset.value(), integers(size, in), integers(stride, in));
    }
    throw in.failure("makes a tensor from arguments other than storage, offset, size and stride");
  }

  private static List<Long> integers(Tuple tuple, PickleInput in) {
    if (tuple.items().size() > MOST_DIMENSIONS) {
      throw in.failure(
          "makes a tensor of "
              + tuple.items().size()
              + " dimensions; at most "
              + MOST_DIMENSIONS
              + " are expected");
    }
    List<Long> integers = new ArrayList<>();
    for (PickleValue item : tuple.items()) {
      if (!(item instanceof Int integer)) {
        throw in.failure("makes a tensor whose size or stride holds " + item.describe());
      }
      integers.add(integer.value());
    }
    return integers;
  }
}
