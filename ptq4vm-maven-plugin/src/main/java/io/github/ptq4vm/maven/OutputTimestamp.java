package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/** The time every entry of a jar carries: {@code project.build.outputTimestamp}. */
final class OutputTimestamp {
  /** Zip files know no earlier time in any time zone. */
  private static final Instant EARLIEST = Instant.parse("1980-02-01T00:00:00Z");

  private static final Instant LATEST = Instant.parse("2099-12-31T23:59:58Z");

  private OutputTimestamp() {}

  /**
   * Epoch seconds of an ISO 8601 date and time or of a number of epoch seconds. A missing value, or
   * the one letter that conventionally turns the property off, means a fixed time, never the clock:
   * equal builds are equal.
   *
   * @throws CompileException if it is neither, or out of the range of zip files
   */
  static long parse(@Nullable String value) {
    String text = value == null ? "" : value.strip();
    if (text.length() < 2 && !text.matches("[0-9]")) {
      return EARLIEST.getEpochSecond();
    }
    Instant time;
    try {
      time =
          text.matches("[0-9]+")
              ? Instant.ofEpochSecond(Long.parseLong(text))
              : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException | NumberFormatException e) {
      throw unusable(text, e);
    }
    if (time.isBefore(EARLIEST) || time.isAfter(LATEST)) {
      throw unusable(text, null);
    }
    return time.getEpochSecond();
  }

  private static CompileException unusable(String text, @Nullable Exception cause) {
    return new CompileException(
        "The property project.build.outputTimestamp is \""
            + text
            + "\" but must be a time between "
            + EARLIEST
            + " and "
            + LATEST
            + ", written like that or in seconds since 1970.",
        cause);
  }
}
