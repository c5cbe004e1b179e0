package io.github.ptq4vm.compiler;

/** Hears what the compiler does. Called from one thread. */
public interface CompileListener {
  /**
   * A unit of work: calibrating a block is one, and each of its gradient steps. They take different
   * times and are no number a user has set, so what counts of them is the share that is done.
   */
  String WORK = "steps";

  /** A line for the user. */
  void info(String message);

  /** Something the user should look at. */
  void warn(String message);

  /**
   * Progress of a task.
   *
   * @param task what is being done, stable while it goes on, e.g. {@code "Quantizing w4a4"}
   * @param done units finished
   * @param total units in all
   * @param unit what a unit is, plural, e.g. {@code "images"}, or {@link #WORK}
   */
  void progress(String task, long done, long total, String unit);
}
