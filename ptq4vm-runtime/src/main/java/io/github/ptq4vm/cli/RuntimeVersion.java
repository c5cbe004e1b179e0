package io.github.ptq4vm.cli;

import io.github.ptq4vm.artifact.ArtifactFormat;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class RuntimeVersion implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "ptq4vm-runtime "
          + ArtifactFormat.RUNTIME_VERSION
          + ", artifact format "
          + ArtifactFormat.VERSION
    };
  }
}
