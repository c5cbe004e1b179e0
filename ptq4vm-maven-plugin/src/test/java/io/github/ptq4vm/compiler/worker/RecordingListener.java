package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.CompileListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what it hears. */
final class RecordingListener implements CompileListener {
  final List<String> heard = new CopyOnWriteArrayList<>();

  @Override
  public void info(String message) {
    heard.add("info " + message);
  }

  @Override
  public void warn(String message) {
    heard.add("warn " + message);
  }

  @Override
  public void progress(String task, long done, long total, String unit) {
    heard.add(task + " " + done + "/" + total + " " + unit);
  }
}
