package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileListener;
import io.github.ptq4vm.compiler.VerifyRequest;
import io.github.ptq4vm.compiler.VerifyResult;
import java.io.IOException;

/** Measures packaged models, in this JVM or in a forked one. */
@FunctionalInterface
public interface VerifyFunction {

  /**
   * Verifies.
   *
   * @throws CompileException if the request or a file it names is at fault
   * @throws WorkerException if a forked JVM ends without a result
   * @throws IOException if a file of the worker itself cannot be read or written
   * @throws InterruptedException if the calling thread is interrupted while it waits
   */
  VerifyResult verify(VerifyRequest request, CompileListener listener)
      throws IOException, InterruptedException;
}
