package io.github.ptq4vm.cpu;

import org.jspecify.annotations.Nullable;

/**
 * The memory one image needs on its way through a plan. Used by one image at a time, by up to a
 * given number of threads.
 */
final class Workspace implements Team.Task {
  private final Memory[] members;

  /** The stage under way; parts of it are handed out only after it was set. */
  private Stage stage = Stage.NONE;

  /**
   * Allocates the memory.
   *
   * @param placements by the number of a value, null for values that are not there
   * @param bufferSizes in floats
   * @param localSizes sizes of the buffers that every member has for itself, numbered after the
   *     others
   */
  Workspace(@Nullable Placement[] placements, int[] bufferSizes, int[] localSizes, int members) {
    float[][] buffers = new float[bufferSizes.length + localSizes.length][];
    allocate(bufferSizes, buffers, 0);
    Matrix[] values = new Matrix[placements.length];
    this.members = new Memory[members];
    for (int member = 0; member < members; member++) {
      allocate(localSizes, buffers, bufferSizes.length);
      Matrix[] own = values.clone();
      for (int i = 0; i < own.length; i++) {
        Placement placement = placements[i];
        if (placement != null && (member == 0 || placement.buffer() >= bufferSizes.length)) {
          own[i] = placement.in(buffers);
        }
      }
      if (member == 0) {
        values = own;
      }
      this.members[member] = new Memory(own);
    }
  }

  private static void allocate(int[] sizes, float[][] buffers, int first) {
    for (int i = 0; i < sizes.length; i++) {
      buffers[first + i] = new float[sizes[i]];
    }
  }

  /** A value that is the same for all members, by its number. */
  Matrix value(int number) {
    return members[0].value(number);
  }

  /** What a member of a team sees. */
  Memory memory(int member) {
    return members[member];
  }

  /** Runs all parts of a stage. */
  void run(Stage next, Team team) {
    stage = next;
    team.forEach(next.parts(), this);
  }

  @Override
  public void run(int part, int member) {
    stage.run(members[member], part);
  }
}
