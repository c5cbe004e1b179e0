package io.github.ptq4vm.maven;

import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.MojoExecution;

/** What a goal has to know of the build around it. */
final class Reactor {
  private Reactor() {}

  /** How many modules may be worked on at the same time. */
  static int modulesAtATime(MavenSession session) {
    int threads = session.getRequest().getDegreeOfConcurrency();
    return Math.max(1, Math.min(threads, session.getProjects().size()));
  }

  /** Whether a goal was called by name in a reactor, so that it meets modules without a model. */
  static boolean isOneOfSeveralModules(MavenSession session, MojoExecution execution) {
    return execution.getSource() == MojoExecution.Source.CLI && session.getProjects().size() > 1;
  }
}
