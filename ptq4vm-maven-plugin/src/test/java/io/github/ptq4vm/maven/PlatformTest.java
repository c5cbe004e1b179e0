package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.ptq4vm.compiler.CompileException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {

  @ParameterizedTest
  @CsvSource({
    "Linux,amd64,linux-x86_64",
    "Linux,aarch64,linux-aarch64",
    "Mac OS X,aarch64,osx-aarch64",
    "Windows 11,amd64,win-x86_64"
  })
  @DisplayName("names platforms as DJL does")
  void classifier(String os, String arch, String classifier) {
    assertThat(Platform.classifier(os, arch)).isEqualTo(classifier);
  }

  @ParameterizedTest
  @CsvSource({"Mac OS X,x86_64", "Linux,riscv64", "SunOS,amd64", "Windows 11,aarch64"})
  @DisplayName("refuses platforms without a native library and says which there are")
  void unsupported(String os, String arch) {
    assertThatThrownBy(() -> Platform.classifier(os, arch))
        .isInstanceOf(CompileException.class)
        .hasMessageContaining(os + ", " + arch)
        .hasMessageContaining("linux-x86_64");
  }

  @Test
  @DisplayName("gets its versions from the build")
  void versions() {
    BuildFacts facts = BuildFacts.load();
    assertThat(facts.version()).matches("[0-9]+\\.[0-9]+\\.[0-9]+.*");
    assertThat(facts.pytorchJni()).matches("[0-9.]+-[0-9.]+").startsWith(facts.pytorchNative());
  }
}
