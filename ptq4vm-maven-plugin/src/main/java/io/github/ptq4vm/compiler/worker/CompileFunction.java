package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileListener;
import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.CompileResult;
import java.io.IOException;

/** Turns a request into a result, in this JVM or in a forked one. */
@FunctionalInterface
public interface CompileFunction {

  /**
   * Compiles.
   *
   * @throws CompileException if the request or a file it names is at fault
   * @throws WorkerException if a forked JVM ends without a result
   * @throws IOException if a file of the compilation itself cannot be read or written
   * @throws InterruptedException if the calling thread is interrupted while it waits
   */
  CompileResult compile(CompileRequest request, CompileListener listener)
      throws IOException, InterruptedException;
}
