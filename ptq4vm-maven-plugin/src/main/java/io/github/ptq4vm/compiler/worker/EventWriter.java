package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.CompileListener;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;

/**
 * The worker's end of the event stream. Passes on at most ten progress events a second and task,
 * besides a task's first and last, so that a fast task does not drown the reader.
 */
final class EventWriter implements CompileListener {
  private static final long INTERVAL_NANOS = 100_000_000;

  private final OutputStream out;
  private final LongSupplier nanoTime;
  private String task = "";
  private long sentAt;

  EventWriter(OutputStream out, LongSupplier nanoTime) {
    this.out = out;
    this.nanoTime = nanoTime;
  }

  @Override
  public void info(String message) {
    send(new WorkerEvent.Info(message));
  }

  @Override
  public void warn(String message) {
    send(new WorkerEvent.Warn(message));
  }

  @Override
  public void progress(String task, long done, long total, String unit) {
    long now = nanoTime.getAsLong();
    if (!task.equals(this.task) || done >= total || now - sentAt >= INTERVAL_NANOS) {
      this.task = task;
      sentAt = now;
      send(new WorkerEvent.Progress(task, done, total, unit));
    }
  }

  synchronized void send(WorkerEvent event) {
    try {
      String line = WorkerEvent.SEPARATOR + event.toJson() + "\n";
      out.write(line.getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("The process that started this worker is gone.", e);
    }
  }
}
