package io.github.ptq4vm.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests that need a GPU, emulated or real. Maven runs them in a JVM of their own whose driver is
 * the one in {@code src/test/cuda}, compiled by the first of them; they are skipped, with a
 * message, where there is no g++. With {@code -Pgpu} they run on a real one.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("gpu")
@ExtendWith(EmulatedGpuCondition.class)
@interface EmulatedGpu {

  /** Whether the test needs what only the emulation can do: fail on purpose, count allocations. */
  boolean only() default false;
}
