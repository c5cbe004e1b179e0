/**
 * The forked JVM in which the compiler and PyTorch run: its main class, the protocol of a request
 * file in and one JSON event a line out, and the side that launches, watches and kills it. Two
 * class realms of one JVM cannot both load PyTorch's native library, so a build tool never loads it
 * itself. Knows no Maven.
 */
@NullMarked
package io.github.ptq4vm.compiler.worker;

import org.jspecify.annotations.NullMarked;
