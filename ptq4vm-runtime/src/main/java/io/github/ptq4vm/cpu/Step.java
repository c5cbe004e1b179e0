package io.github.ptq4vm.cpu;

/** One operation of a plan, ready to run: it reads and writes values of a workspace. */
@FunctionalInterface
interface Step {
  /** Computes the value the step defines. */
  void run(Workspace workspace, Team team);
}
