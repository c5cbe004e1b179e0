package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.github.ptq4vm.Device;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.VerifyRequest;
import io.github.ptq4vm.compiler.VerifyResult;
import io.github.ptq4vm.compiler.VerifyResult.Accuracy;
import io.github.ptq4vm.compiler.VerifyResult.Measured;
import io.github.ptq4vm.compiler.worker.VerifyFunction;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.maven.execution.DefaultMavenExecutionRequest;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugin.descriptor.MojoDescriptor;
import org.apache.maven.plugin.descriptor.PluginDescriptor;
import org.apache.maven.project.MavenProject;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyMojoTest {
  @TempDir Path base;
  private final RecordingLog log = new RecordingLog();
  private final MavenProject project = new MavenProject();
  private final MavenSession session = mock(MavenSession.class);
  private final MojoExecution execution = mock(MojoExecution.class);
  private VerifyRequest request;
  private WorkerOptions options;
  private Path folder;
  private String failure;
  private VerifyMojo mojo;

  @BeforeEach
  void prepare() throws IOException {
    project.setFile(base.resolve("pom.xml").toFile());
    when(session.getProjects()).thenReturn(List.of(project));
    when(session.getRequest())
        .thenReturn(new DefaultMavenExecutionRequest().setInteractiveMode(false));
    MojoDescriptor descriptor = new MojoDescriptor();
    descriptor.setPluginDescriptor(new PluginDescriptor());
    when(execution.getMojoDescriptor()).thenReturn(descriptor);
    when(execution.getSource()).thenReturn(MojoExecution.Source.LIFECYCLE);
    when(execution.getExecutionId()).thenReturn("accuracy");
    mojo = new VerifyMojo(new FakeWorkers());
    mojo.setLog(log);
    mojo.project = project;
    mojo.session = session;
    mojo.execution = execution;
    mojo.checkpoint = Files.write(base.resolve("m.pth"), new byte[1]).toFile();
    mojo.validationDirectory = Files.createDirectory(base.resolve("images")).toFile();
    folder = Files.createDirectories(base.resolve("target/ptq4vm"));
    mojo.outputDirectory = folder.toFile();
    mojo.variants = List.of("w8a8,w4a4");
    Files.write(folder.resolve("w8a8.jar"), new byte[1]);
    Files.write(folder.resolve("w4a4.jar"), new byte[1]);
  }

  /** W8A8 is as good as the checkpoint, W4A4 loses 7.5 points. */
  private static Measured measured(Path jar) {
    boolean eight = jar.endsWith("w8a8.jar");
    return new Measured(
        "g:a:1:x",
        jar,
        "ab",
        "cd",
        400,
        10,
        new Accuracy(0.925, 0.99),
        new Accuracy(eight ? 0.925 : 0.85, 0.98),
        eight ? 1 : 0.9,
        "cpu/scalar");
  }

  private final class FakeWorkers extends WorkerFactory {
    FakeWorkers() {
      super(null);
    }

    @Override
    VerifyFunction verifier(
        MavenSession session, MavenProject project, PluginDescriptor plugin, WorkerOptions given) {
      options = given;
      return (asked, listener) -> {
        request = asked;
        if (failure != null) {
          throw new CompileException(failure);
        }
        return new VerifyResult(asked.jars().stream().map(VerifyMojoTest::measured).toList());
      };
    }
  }

  @Test
  @DisplayName("asks for the jars of quantize, and writes and shows what was measured")
  void measures() throws Exception {
    mojo.threads = 3;
    mojo.maxAccuracyDrop = 7.5;
    mojo.minTop1 = 85.0;
    mojo.execute();
    assertThat(request)
        .isEqualTo(
            new VerifyRequest(
                base.resolve("m.pth"),
                "auto",
                base.resolve("images"),
                List.of(folder.resolve("w8a8.jar"), folder.resolve("w4a4.jar")),
                Device.CPU,
                3));
    assertThat(options.directory()).isEqualTo(folder.resolve("verify"));
    assertThat(log.lines)
        .containsExactly(
            "info Verified on 400 images of 10 classes:",
            "info   variant      top-1     top-5  agreement  drop          ran on",
            "info   fp32       92.50 %   99.00 %",
            "info   w8a8       92.50 %   98.00 %   100.00 %  0 points      cpu/scalar",
            "info   w4a4       85.00 %   98.00 %    90.00 %  7.5 points    cpu/scalar");
    assertThat(folder.resolve("verify-w4a4.json"))
        .content()
        .contains(
            "\"variant\": \"w4a4\"",
            "\"top1\": 0.925",
            "\"top1\": 0.85",
            "\"maxAccuracyDrop\": 7.5",
            "\"passed\": true");
    assertThat(folder.resolve("verify-w8a8.json")).exists();
  }

  @Test
  @DisplayName("runs the jars on another device only where it is told")
  void device() throws Exception {
    mojo.device = "auto";
    mojo.execute();
    assertThat(request.device()).isEqualTo(Device.AUTO);
    mojo.device = "CUDA";
    mojo.execute();
    assertThat(request.device()).isEqualTo(Device.CUDA);
  }

  @Test
  @DisplayName("says where the dependency for a GPU belongs, and nothing of it in other failures")
  void natives() {
    failure = "Add the dependency org.jcuda:jcuda-natives:12.6.0 with the classifier x.";
    assertFailure(failure + " For a goal of this plugin");
    assertFailure("belongs into the <dependencies> of the <plugin>");
    failure = "There is no NVIDIA driver.";
    assertThatThrownBy(mojo::execute).hasMessage(failure);
  }

  @Test
  @DisplayName("warns where no limit is set, and says which configuration is not read by hand")
  void noLimit() throws Exception {
    mojo.execute();
    assertThat(warnings())
        .containsExactly(
            "warn No limit was checked, since neither <maxAccuracyDrop> nor <minTop1> is set.");
    when(execution.getExecutionId()).thenReturn("default-cli");
    log.lines.clear();
    mojo.execute();
    assertThat(warnings())
        .singleElement()
        .asString()
        .startsWith("warn No limit was checked")
        .endsWith("add its <id>, as in mvn ptq4vm:verify@verify.");
    log.lines.clear();
    mojo.maxAccuracyDrop = 7.5;
    mojo.execute();
    mojo.maxAccuracyDrop = null;
    mojo.minTop1 = 85.0;
    mojo.execute();
    assertThat(warnings()).isEmpty();
  }

  private List<String> warnings() {
    return log.lines.stream().filter(line -> line.startsWith("warn")).toList();
  }

  @Test
  @DisplayName("fails with both numbers in a sentence, after the results were written")
  void drop() throws Exception {
    mojo.maxAccuracyDrop = 1.0;
    assertFailure(
        "Top-1 of the packaged w4a4 model is 85.00 % on 400 images, 7.5 points below the"
            + " checkpoint's 92.50 %, but <maxAccuracyDrop> allows no more than 1.");
    assertThat(folder.resolve("verify-w4a4.json"))
        .content()
        .contains("\"passed\": false", "7.5 points below");
    assertThat(folder.resolve("verify-w8a8.json")).content().contains("\"passed\": true");
    mojo.maxAccuracyDrop = null;
    mojo.minTop1 = 90.0;
    assertFailure(
        "Top-1 of the packaged w4a4 model is 85.00 % on 400 images (the checkpoint's is 92.50 %),"
            + " but <minTop1> demands 90 %.");
    mojo.minTop1 = 92.5;
    mojo.variants = List.of("w8a8");
    mojo.execute();
  }

  @Test
  @DisplayName("says how to build a jar that is not there, and leaves no older result")
  void notBuilt() throws Exception {
    mojo.execute();
    assertThat(folder.resolve("verify-w8a8.json")).exists();
    request = null;
    Files.delete(folder.resolve("w4a4.jar"));
    assertFailure("There is no " + folder.resolve("w4a4.jar") + " to verify yet");
    assertThat(folder.resolve("verify-w8a8.json")).doesNotExist();
    assertThat(folder.resolve("verify-w4a4.json")).doesNotExist();
    assertFailure("mvn ptq4vm:quantize ptq4vm:verify@accuracy; or");
    when(execution.getExecutionId()).thenReturn("default-cli");
    assertFailure("mvn ptq4vm:quantize ptq4vm:verify; or");
    assertThat(request).isNull();
  }

  @Test
  @DisplayName("leaves no older result when a demand is no sound one either")
  void unsoundDemand() throws Exception {
    mojo.execute();
    mojo.minTop1 = 0.75;
    assertFailure("<minTop1> is 0.75");
    assertThat(folder.resolve("verify-w8a8.json")).doesNotExist();
  }

  @Test
  @DisplayName("is skipped with all goals, or alone")
  void skip() throws Exception {
    mojo.checkpoint = null;
    mojo.skipVerify = true;
    mojo.execute();
    mojo.skip = true;
    mojo.skipVerify = false;
    mojo.execute();
    assertThat(request).isNull();
    assertThat(log.lines).hasSize(2).allMatch(line -> line.contains("kip"));
  }

  @Test
  @DisplayName("passes modules without a model by when it is called by name in a reactor")
  void reactor() throws Exception {
    mojo.checkpoint = null;
    assertFailure("No checkpoint is set");
    when(session.getProjects()).thenReturn(List.of(project, project));
    when(execution.getSource()).thenReturn(MojoExecution.Source.CLI);
    mojo.execute();
    assertThat(request).isNull();
  }

  @Test
  @DisplayName("names the XML element of every parameter that is missing or out of range")
  void parameters() {
    mojo.maxAccuracyDrop = -1.0;
    assertFailure("<maxAccuracyDrop> is -1.0");
    mojo.maxAccuracyDrop = null;
    mojo.minTop1 = 0.75;
    assertFailure("<minTop1> is 0.75 but must be between 1 and 100");
    mojo.minTop1 = Double.NaN;
    assertFailure("<minTop1> is NaN");
    mojo.minTop1 = null;
    mojo.threads = -1;
    assertFailure("<threads> is -1");
    mojo.threads = 0;
    mojo.device = "tpu";
    assertFailure("<device> is \"tpu\" but must be one of [auto, cpu, cuda]");
    mojo.device = "cpu";
    mojo.variants = List.of("w9a9");
    assertFailure("w9a9");
    mojo.variants = List.of("w8a8");
    mojo.validationDirectory = new File("none");
    assertFailure("<validationDirectory> is");
    mojo.validationDirectory = null;
    assertFailure("in <validationDirectory> or with -Dptq4vm.validationDirectory");
    when(execution.getExecutionId()).thenReturn("default-cli");
    assertFailure("mvn ptq4vm:verify@verify");
  }

  private void assertFailure(String message) {
    assertThatThrownBy(mojo::execute)
        .isExactlyInstanceOf(MojoFailureException.class)
        .hasMessageContaining(message);
  }
}
