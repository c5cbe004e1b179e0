package io.github.ptq4vm.compiler;

/** Hears what the compiler does. Called from one thread. */
public interface CompileListener {

  /** A line for the user. */
  void info(String message);

  /** Something the user should look at. */
  void warn(String message);

  /**
   * Progress of a task.
   *
   * @param task what is being done, stable while it goes on, e.g. {@code "w4a4: learning"}
   * @param done units finished
   * @param total units in all
   * @param unit what a unit is, plural, e.g. {@code "steps"}
   */
  void progress(String task, long done, long total, String unit);
}
