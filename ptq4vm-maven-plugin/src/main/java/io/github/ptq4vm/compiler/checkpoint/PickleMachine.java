package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.checkpoint.PickleValue.Dict;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Global;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Inert;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Int;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Text;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.Tuple;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Interprets a pickle as data. The opcodes are a closed list, that of Python's binary protocols 2
 * to 5 without extension codes and out-of-band buffers; nothing is looked up or called by name. The
 * loop is flat and its stack, memo and steps are limited, so no nesting can exhaust this process.
 */
final class PickleMachine {
  private static final int MOST_STEPS = 4_000_000;
  private static final int MOST_VALUES = 1_000_000;
  private static final int NEWEST_PROTOCOL = 5;

  private static final Inert NONE = new Inert("None");
  private static final Inert BOOLEAN = new Inert("a boolean");
  private static final Inert FLOAT = new Inert("a floating point number");
  private static final Inert BIG = new Inert("a large integer");
  private static final Inert BYTES = new Inert("a byte string");
  private static final Inert LIST = new Inert("a list");
  private static final Inert OBJECT = new Inert("an object");
  private static final Inert SET = new Inert("a set");

  private final PickleInput in;
  private final List<PickleValue> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final Map<Long, PickleValue> memo = new HashMap<>();

  private PickleMachine(PickleInput in) {
    this.in = in;
  }

  /**
   * Runs a pickle to its end and returns the value it leaves.
   *
   * @param source the file and entry, for messages
   * @throws io.github.ptq4vm.compiler.CompileException if the pickle is damaged, uses an opcode
   *     outside the list, exceeds a limit, or names a function that would act on the machine
   */
  static PickleValue run(byte[] pickle, String source) {
    return new PickleMachine(new PickleInput(pickle, source)).run();
  }

  private PickleValue run() {
    for (int step = 0; step < MOST_STEPS; step++) {
      int opcode = in.opcode();
      if (opcode == '.') {
        PickleValue result = pop();
        if (!stack.isEmpty()) {
          throw in.failure("ends with values left on its stack");
        }
        return result;
      }
      if (!scalar(opcode) && !container(opcode) && !object(opcode) && !bookkeeping(opcode)) {
        throw in.failure(
            String.format("uses the pickle opcode 0x%02x, which is not allowed", opcode));
      }
    }
    throw in.failure("takes more than " + MOST_STEPS + " steps");
  }

  private boolean scalar(int opcode) {
    switch (opcode) {
      case 'N' -> push(NONE);
      case 0x88, 0x89 -> push(BOOLEAN);
      case 'K' -> push(new Int(in.unsigned1()));
      case 'M' -> push(new Int(in.unsigned2()));
      case 'J' -> push(new Int(in.signed4()));
      case 0x8a -> integer(in.unsigned1());
      case 0x8b -> integer(in.signed4());
      case 'G' -> {
        in.skip(8);
        push(FLOAT);
      }
      case 'X' -> push(new Text(in.text(in.unsigned4())));
      case 0x8c -> push(new Text(in.text(in.unsigned1())));
      case 0x8d -> push(new Text(in.text(in.signed8())));
      // Strings of Python 2, where attribute names and keys had this type.
      case 'U' -> push(new Text(in.text(in.unsigned1())));
      case 'T' -> push(new Text(in.text(in.signed4())));
      case 'C' -> bytes(in.unsigned1());
      case 'B' -> bytes(in.unsigned4());
      case 0x8e, 0x96 -> bytes(in.signed8());
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean container(int opcode) {
    switch (opcode) {
      case ')' -> push(new Tuple(List.of()));
      case 't' -> push(new Tuple(popToMark()));
      case 0x85 -> push(new Tuple(pop(1)));
      case 0x86 -> push(new Tuple(pop(2)));
      case 0x87 -> push(new Tuple(pop(3)));
      case ']' -> push(LIST);
      case 'l' -> dropToMark(LIST);
      case 'a' -> {
        pop();
        requireInert(peek());
      }
      case 'e', 0x90 -> {
        popToMark();
        requireInert(peek());
      }
      case 0x8f -> push(SET);
      case 0x91 -> dropToMark(SET);
      case '}' -> push(new Dict());
      case 'd' -> {
        List<PickleValue> items = popToMark();
        push(new Dict());
        setItems(items);
      }
      case 's' -> setItems(pop(2));
      case 'u' -> setItems(popToMark());
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean object(int opcode) {
    switch (opcode) {
      case 'c' -> global(in.line(), in.line());
      case 0x93 -> {
        List<PickleValue> names = pop(2);
        if (names.get(0) instanceof Text module && names.get(1) instanceof Text name) {
          global(module.value(), name.value());
        } else {
          throw in.failure("names a class by values that are no strings");
        }
      }
      case 'R', 0x81 -> call(pop(2));
      case 0x92 -> {
        List<PickleValue> call = pop(3);
        call(call.subList(0, 2));
      }
      case 'Q' -> push(TorchObjects.persistent(pop(), in));
      case 'b' -> {
        pop();
        // The state of an OrderedDict is a state dict's version numbers; of others, nobody's need.
        if (!(peek() instanceof Dict)) {
          requireInert(peek());
        }
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean bookkeeping(int opcode) {
    switch (opcode) {
      case 0x80 -> {
        int protocol = in.unsigned1();
        if (protocol > NEWEST_PROTOCOL) {
          throw in.failure("is of pickle protocol " + protocol + ", which is not known");
        }
      }
      case 0x95 -> in.signed8(); // A frame's length only helps readers that buffer.
      case '(' -> {
        if (marks.size() >= MOST_VALUES) {
          throw in.failure("nests more than " + MOST_VALUES + " levels");
        }
        marks.add(stack.size());
      }
      case '0' -> {
        // As in Python, popping right after a mark takes the mark.
        if (!marks.isEmpty() && marks.get(marks.size() - 1) == stack.size()) {
          marks.remove(marks.size() - 1);
        } else {
          pop();
        }
      }
      case '1' -> popToMark();
      case '2' -> push(peek());
      case 'q' -> remember(in.unsigned1());
      case 'r' -> remember(in.unsigned4());
      case 0x94 -> remember(memo.size());
      case 'h' -> recall(in.unsigned1());
      case 'j' -> recall(in.unsigned4());
      default -> {
        return false;
      }
    }
    return true;
  }

  private void integer(int length) {
    if (length >= 0 && length <= Long.BYTES) {
      push(new Int(in.integer(length)));
    } else {
      in.skip(length);
      push(BIG);
    }
  }

  private void bytes(long length) {
    in.skip(length);
    push(BYTES);
  }

  private void global(String module, String name) {
    push(TorchObjects.global(module, name, in));
  }

  private void call(List<PickleValue> call) {
    PickleValue callee = call.get(0);
    if (callee instanceof Global global) {
      push(TorchObjects.call(global, call.get(1), in));
    } else if (callee instanceof Inert) {
      push(OBJECT);
    } else {
      throw in.failure("calls " + callee.describe());
    }
  }

  private void setItems(List<PickleValue> items) {
    if (items.size() % 2 != 0) {
      throw in.failure("sets a dict's key without a value");
    }
    PickleValue target = peek();
    if (!(target instanceof Dict dict)) {
      requireInert(target);
      return;
    }
    for (int i = 0; i < items.size(); i += 2) {
      if (!dict.put(items.get(i), items.get(i + 1))) {
        throw in.failure("sets the key \"" + ((Text) items.get(i)).value() + "\" twice");
      }
    }
  }

  private void requireInert(PickleValue target) {
    if (!(target instanceof Inert)) {
      throw in.failure("changes " + target.describe());
    }
  }

  private void remember(long index) {
    if (memo.size() >= MOST_VALUES) {
      throw in.failure("remembers more than " + MOST_VALUES + " values");
    }
    memo.put(index, peek());
  }

  private void recall(long index) {
    PickleValue value = memo.get(index);
    if (value == null) {
      throw in.failure("recalls the value " + index + ", which it never remembered");
    }
    push(value);
  }

  private void push(PickleValue value) {
    if (stack.size() >= MOST_VALUES) {
      throw in.failure("stacks more than " + MOST_VALUES + " values");
    }
    stack.add(value);
  }

  private PickleValue peek() {
    if (stack.size() <= floor()) {
      throw in.failure("takes a value from an empty stack");
    }
    return stack.get(stack.size() - 1);
  }

  private PickleValue pop() {
    PickleValue value = peek();
    stack.remove(stack.size() - 1);
    return value;
  }

  private List<PickleValue> pop(int count) {
    if (stack.size() - count < floor()) {
      throw in.failure("takes a value from an empty stack");
    }
    return take(stack.size() - count);
  }

  private List<PickleValue> popToMark() {
    if (marks.isEmpty()) {
      throw in.failure("returns to a mark that it never set");
    }
    return take(marks.remove(marks.size() - 1));
  }

  private void dropToMark(PickleValue replacement) {
    popToMark();
    push(replacement);
  }

  private List<PickleValue> take(int from) {
    List<PickleValue> tail = stack.subList(from, stack.size());
    List<PickleValue> taken = List.copyOf(tail);
    tail.clear();
    return taken;
  }

  /** Values below the last mark are out of reach until the mark is gone. */
  private int floor() {
    return marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
  }
}
