package io.github.ptq4vm.maven;

import java.nio.file.Path;
import java.util.List;

/**
 * What a goal's parameters say about the worker.
 *
 * @param memory largest heap in the syntax of {@code -Xmx}
 * @param jvmArguments more arguments of the JVM
 * @param threads threads PyTorch may use
 * @param directory where its files go
 */
record WorkerOptions(String memory, List<String> jvmArguments, int threads, Path directory) {}
