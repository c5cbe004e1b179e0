package io.github.ptq4vm.maven;

import java.util.ArrayList;
import java.util.List;
import org.apache.maven.plugin.logging.SystemStreamLog;

/** Writes down what is logged. */
final class RecordingLog extends SystemStreamLog {
  final List<String> lines = new ArrayList<>();

  @Override
  public void info(CharSequence content) {
    lines.add("info " + content);
  }

  @Override
  public void debug(Throwable error) {
    lines.add("debug " + error.getMessage());
  }

  @Override
  public void warn(CharSequence content) {
    lines.add("warn " + content);
  }
}
