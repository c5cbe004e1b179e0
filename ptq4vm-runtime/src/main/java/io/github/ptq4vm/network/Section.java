package io.github.ptq4vm.network;

import java.util.List;

/**
 * A run of operations that reads one value from before and leaves one value for what follows. The
 * compiler streams calibration from section to section and keeps only that value.
 *
 * @param name unique name, for messages and reports
 * @param block whether this is a block, the unit of joint learning
 * @param operations in order of execution; the last one defines the value that goes on
 */
public record Section(String name, boolean block, List<Operation> operations) {

  /** Takes an immutable copy of the operations; there must be at least one. */
  public Section {
    operations = List.copyOf(operations);
    if (operations.isEmpty()) {
      throw new InvalidNetworkException("Section \"" + name + "\" has no operations.");
    }
  }

  /** Name of the value that goes on. */
  public String output() {
    return operations.get(operations.size() - 1).output();
  }
}
