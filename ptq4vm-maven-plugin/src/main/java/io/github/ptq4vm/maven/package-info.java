/**
 * The Maven goals: thin Mojos that turn parameters into one immutable request, and everything that
 * needs Maven itself: resolving the worker's class path, attaching artifacts, showing progress.
 * Decides nothing about quantization.
 */
@NullMarked
package io.github.ptq4vm.maven;

import org.jspecify.annotations.NullMarked;
