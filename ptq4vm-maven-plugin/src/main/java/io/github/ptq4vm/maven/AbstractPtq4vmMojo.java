package io.github.ptq4vm.maven;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.worker.WorkerException;
import java.io.IOException;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Parameter;

/**
 * What all goals share: they can be skipped, and they tell a problem of the user's (a failure,
 * shown as its message alone) from one of the plugin's (an error, with its cause).
 */
abstract class AbstractPtq4vmMojo extends AbstractMojo {

  /** Whether to do nothing. */
  @Parameter(property = "ptq4vm.skip", defaultValue = "false")
  boolean skip;

  @Override
  public final void execute() throws MojoExecutionException, MojoFailureException {
    if (skip) {
      getLog().info("Skipped, because <skip> or -Dptq4vm.skip is set.");
      return;
    }
    try {
      executeGoal();
    } catch (CompileException e) {
      getLog().debug(e);
      throw new MojoFailureException(e.getMessage());
    } catch (WorkerException e) {
      throw new MojoExecutionException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MojoExecutionException("The build was interrupted; nothing was attached.", e);
    } catch (IOException | RuntimeException e) {
      throw new MojoExecutionException(
          "The goal failed for a reason it does not know: "
              + e
              + ". Run Maven again with -e to see where, and please report it.",
          e);
    }
  }

  /** Does the goal's work; a {@link CompileException} is a problem of the user's. */
  abstract void executeGoal() throws IOException, InterruptedException, CompileException;
}
