package io.github.ptq4vm.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.github.ptq4vm.artifact.FileDigest;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.CompileRequest.Selection;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.compiler.worker.CompileFunction;
import io.github.ptq4vm.compiler.worker.WorkerMemory;
import io.github.ptq4vm.image.Preprocessing;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.maven.artifact.Artifact;
import org.apache.maven.execution.DefaultMavenExecutionRequest;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.model.License;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugin.descriptor.MojoDescriptor;
import org.apache.maven.plugin.descriptor.PluginDescriptor;
import org.apache.maven.project.MavenProject;
import org.apache.maven.project.MavenProjectHelper;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizeMojoTest {
  @TempDir Path base;
  private final RecordingLog log = new RecordingLog();
  private final MavenProjectHelper helper = mock(MavenProjectHelper.class);
  private final MavenProject project = new MavenProject();
  private final MavenSession session = mock(MavenSession.class);
  private final MojoExecution execution = mock(MojoExecution.class);
  private final Properties userProperties = new Properties();
  private WorkerOptions options;
  private CompileRequest request;
  private CompileFunction compiler;
  private QuantizeMojo mojo;

  @BeforeEach
  void prepare() throws IOException {
    project.setFile(base.resolve("pom.xml").toFile());
    project.setGroupId("g");
    project.setArtifactId("a");
    project.setVersion("1");
    License license = new License();
    license.setName("MIT");
    license.setUrl("https://example.com/mit");
    project.getModel().addLicense(license);
    when(session.getUserProperties()).thenReturn(userProperties);
    when(session.getSystemProperties()).thenReturn(new Properties());
    when(session.getProjects()).thenReturn(List.of(project));
    when(session.getRequest())
        .thenReturn(new DefaultMavenExecutionRequest().setInteractiveMode(false));
    MojoDescriptor descriptor = new MojoDescriptor();
    descriptor.setPluginDescriptor(new PluginDescriptor());
    when(execution.getMojoDescriptor()).thenReturn(descriptor);
    when(execution.getSource()).thenReturn(MojoExecution.Source.LIFECYCLE);
    when(execution.getExecutionId()).thenReturn("default");
    compiler =
        (r, listener) -> {
          request = r;
          return result(r);
        };
    mojo = new QuantizeMojo(new FakeWorkers(), helper);
    mojo.setLog(log);
    mojo.project = project;
    mojo.session = session;
    mojo.execution = execution;
    mojo.checkpoint = Files.write(base.resolve("m.pth"), new byte[1]).toFile();
    mojo.calibrationDirectory = base.resolve("images").toFile();
    Files.createDirectories(base.resolve("images/cat"));
    Files.write(base.resolve("images/cat/1.JPEG"), new byte[1]);
    mojo.outputDirectory = base.resolve("target/ptq4vm").toFile();
    mojo.imageSize = "64";
    mojo.calibrationImages = 8;
    mojo.alpha = 0.5;
    mojo.batch = 4;
    mojo.rate = 0.3;
    mojo.variants = List.of("w8a8");
  }

  private static CompileResult result(CompileRequest request) throws IOException {
    List<VariantResult> variants = new java.util.ArrayList<>();
    for (Variant variant : request.variants()) {
      Path jar = request.outputDirectory().resolve(variant.name() + ".jar");
      byte[] bytes = new byte[2048];
      Files.write(jar, bytes);
      String sha256 = FileDigest.of(bytes).sha256();
      variants.add(new VariantResult(variant.name(), jar, 2048, sha256, null, new TreeMap<>()));
    }
    return new CompileResult("vim", 8, null, variants, new TreeMap<>());
  }

  private class FakeWorkers extends WorkerFactory {
    FakeWorkers() {
      super(null);
    }

    @Override
    CompileFunction create(
        MavenSession session, MavenProject project, PluginDescriptor plugin, WorkerOptions given) {
      options = given;
      return (r, listener) -> compiler.compile(r, listener);
    }
  }

  @Test
  @DisplayName("makes one request of the parameters")
  void requestOfParameters() throws Exception {
    mojo.variants = List.of("w8a8, w4a4", "W6A6");
    mojo.calibrationSelection = "Name";
    mojo.seed = 7;
    mojo.steps = 3;
    mojo.threads = 5;
    mojo.stride = 8;
    mojo.scanDirections = "h,v,w2,w7";
    mojo.interpolatePositions = true;
    mojo.metadata = Map.of("author", "me");
    mojo.outputTimestamp = "2026-11-21T00:00:00Z";
    mojo.workerMemory = "3g";
    mojo.workerJvmArguments = List.of("-Da=b");
    mojo.execute();
    assertThat(request.checkpoint()).isEqualTo(base.resolve("m.pth"));
    assertThat(request.variants())
        .containsExactly(
            new Variant("w8a8", 8, 8), new Variant("w4a4", 4, 4), new Variant("w6a6", 6, 6));
    assertThat(request.calibration())
        .isEqualTo(new CompileRequest.Calibration(base.resolve("images"), 8, Selection.NAME));
    assertThat(request.recipe()).isEqualTo(new Recipe(Recipe.Method.AUTO, 0.5, 3, 4, 0.3, 7));
    assertThat(request.options())
        .isEqualTo(new ImportOptions("auto", new ImageSize(64, 64), 8, "h,v,w2,w7", true));
    assertThat(request.outputTimestamp()).isEqualTo(1795219200L);
    assertThat(request.preprocessing()).isEqualTo(Preprocessing.forImageSize(64));
    assertThat(request.identity().license()).isEqualTo("MIT");
    assertThat(request.identity().licenseText()).contains("https://example.com/mit");
    assertThat(request.identity().metadata()).isEqualTo(Map.of("author", "me"));
    assertThat(request.validationDirectory()).isNull();
    assertThat(options)
        .isEqualTo(new WorkerOptions("3g", List.of("-Da=b"), 5, base.resolve("target/ptq4vm")));
  }

  @Test
  @DisplayName("takes a height and a width, for images that are right as they are")
  void heightAndWidth() throws Exception {
    mojo.imageSize = " 64x96 ";
    mojo.execute();
    assertThat(request.options().imageSize()).isEqualTo(new ImageSize(64, 96));
    assertThat(request.preprocessing().resize()).isZero();
    assertThat(request.preprocessing().crop()).isZero();
    assertThat(request.preprocessing().mean()).isEqualTo(Preprocessing.IMAGENET_MEAN);
  }

  @Test
  @DisplayName("uses all cores and half of the memory by default")
  void defaults() throws Exception {
    mojo.execute();
    assertThat(request.threads()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(options.memory()).matches("[0-9]+m");
    assertThat(request.outputTimestamp()).isPositive();
  }

  @Test
  @DisplayName("gives modules that are built at the same time a part of the memory each")
  void parallel() throws Exception {
    session.getRequest().setDegreeOfConcurrency(16);
    mojo.execute();
    assertThat(options.memory()).isEqualTo(WorkerMemory.ofThisMachine(1));
    when(session.getProjects()).thenReturn(Collections.nCopies(1000, project));
    mojo.execute();
    assertThat(options.memory()).isEqualTo(WorkerMemory.ofThisMachine(16));
    session.getRequest().setDegreeOfConcurrency(1000);
    mojo.execute();
    assertThat(options.memory()).isEqualTo("512m");
    session.getRequest().setDegreeOfConcurrency(0);
    mojo.execute();
    assertThat(options.memory()).isEqualTo(WorkerMemory.ofThisMachine(1));
  }

  @Test
  @DisplayName("attaches each jar with its classifier and writes the result")
  void attaches() throws Exception {
    mojo.variants = List.of("w8a8", "w4a4");
    mojo.execute();
    File jar = base.resolve("target/ptq4vm/w4a4.jar").toFile();
    verify(helper).attachArtifact(project, "jar", "w4a4", jar);
    verify(helper)
        .attachArtifact(project, "jar", "w8a8", base.resolve("target/ptq4vm/w8a8.jar").toFile());
    assertThat(base.resolve("target/ptq4vm/quantize-result.json"))
        .content()
        .contains("\"w4a4\"", "\"bytes\": 2048");
    assertThat(log.lines).contains("info   w4a4             -     2.0 KiB  target/ptq4vm/w4a4.jar");
  }

  @Test
  @DisplayName("leaves no result and no requested jar of an earlier run behind when it fails")
  void stale() throws Exception {
    mojo.variants = List.of("w8a8", "w4a4");
    mojo.execute();
    Path folder = base.resolve("target/ptq4vm");
    compiler =
        (r, listener) -> {
          assertThat(folder.resolve("w4a4.jar")).doesNotExist();
          throw new CompileException("An image is damaged.");
        };
    mojo.variants = List.of("w4a4");
    assertFailure("An image is damaged.");
    assertThat(folder.resolve("quantize-result.json")).doesNotExist();
    Files.createDirectories(folder.resolve("w4a4.jar/x"));
    assertFailure("w4a4.jar of an earlier run cannot be deleted");
  }

  @Test
  @DisplayName("deletes the jars it has built and builds no more, and nobody else's files")
  void dropped() throws Exception {
    Path folder = base.resolve("target/ptq4vm");
    mojo.variants = List.of("w8a8,w6a6,w4a8,w4a4");
    mojo.execute();
    Files.write(folder.resolve("w6a6.jar"), new byte[2047]);
    Files.write(folder.resolve("w2a2.jar"), new byte[2048]);
    Artifact other = mock(Artifact.class);
    when(other.hasClassifier()).thenReturn(true);
    when(other.getClassifier()).thenReturn("w4a8");
    project.getAttachedArtifacts().add(other);
    mojo.variants = List.of("w8a8");
    mojo.execute();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .contains("w8a8.jar", "w6a6.jar", "w4a8.jar", "w2a2.jar")
          .doesNotContain("w4a4.jar");
    }
    assertThat(log.lines)
        .contains("info Deleted w4a4.jar of an earlier build: <variants> no longer lists it.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "{}", "{\"variants\":[null,{}]}", "{\"variants\":[{\"name\":\"../x\"}]}"})
  @DisplayName("takes a result it cannot read for none")
  void unreadableResult(String text) throws Exception {
    Path folder = Files.createDirectories(base.resolve("target/ptq4vm"));
    Files.writeString(folder.resolve("quantize-result.json"), text);
    Files.write(base.resolve("target/x.jar"), new byte[1]);
    mojo.execute();
    assertThat(base.resolve("target/x.jar")).exists();
    assertThat(folder.resolve("w8a8.jar")).exists();
  }

  @ParameterizedTest
  @CsvSource({
    "default,''",
    "default-cli,''",
    "Small_2.b-c,Small_2.b-c",
    "..,%2E.",
    "../a b*,%2E.%2Fa+b%2A",
  })
  @DisplayName("keeps the files of executions apart, and the jars together")
  void executions(String id, String folder) throws Exception {
    when(execution.getExecutionId()).thenReturn(id);
    mojo.execute();
    Path output = base.resolve("target/ptq4vm");
    assertThat(options.directory()).isEqualTo(output.resolve(folder));
    assertThat(output.resolve(folder).resolve("quantize-result.json")).exists();
    assertThat(request.outputDirectory()).isEqualTo(output);
  }

  @Test
  @DisplayName("looks at nothing when it is skipped")
  void skip() throws Exception {
    mojo.skip = true;
    mojo.checkpoint = null;
    mojo.execute();
    assertThat(request).isNull();
    assertThat(base.resolve("target")).doesNotExist();
  }

  @Test
  @DisplayName("passes modules without a model by when it is called by name in a reactor")
  void reactor() throws Exception {
    mojo.checkpoint = null;
    when(session.getProjects()).thenReturn(List.of(project, project));
    assertFailure("No checkpoint is set");
    when(execution.getSource()).thenReturn(MojoExecution.Source.CLI);
    mojo.execute();
    assertThat(request).isNull();
    when(session.getProjects()).thenReturn(List.of(project));
    assertFailure("<checkpoint>");
  }

  @Test
  @DisplayName("takes nested preprocessing from the pom, then from properties, then from the size")
  void preprocessing() throws Exception {
    mojo.preprocessing = new PreprocessingParameter();
    mojo.preprocessing.crop = 0;
    userProperties.setProperty("ptq4vm.crop", "1");
    userProperties.setProperty("ptq4vm.interpolation", "bilinear");
    userProperties.setProperty("ptq4vm.mean", "0.5, 0.25,0");
    project.getProperties().setProperty("ptq4vm.interpolation", "bicubic");
    project.getProperties().setProperty("ptq4vm.resize", "72");
    mojo.execute();
    assertThat(request.preprocessing())
        .isEqualTo(
            new Preprocessing(
                72,
                0,
                Preprocessing.Interpolation.BILINEAR,
                List.of(0.5, 0.25, 0.0),
                Preprocessing.IMAGENET_STD));
    userProperties.setProperty("ptq4vm.std", "1,2");
    assertFailure("<preprocessing> is not usable");
    userProperties.setProperty("ptq4vm.std", "1,2,x");
    assertFailure("ptq4vm.std is \"1,2,x\"");
    userProperties.remove("ptq4vm.std");
    mojo.preprocessing.interpolation = "nearest";
    assertFailure("<interpolation> is \"nearest\"");
  }

  @Test
  @DisplayName("takes folders of images that are links, or hold links only")
  void links() throws Exception {
    Path links = Files.createDirectory(base.resolve("links"));
    Files.createSymbolicLink(links.resolve("cat"), base.resolve("images/cat"));
    mojo.calibrationDirectory = links.toFile();
    mojo.validationDirectory =
        Files.createSymbolicLink(base.resolve("link"), base.resolve("images")).toFile();
    mojo.execute();
    assertThat(request.calibration().directory()).isEqualTo(links);
    assertThat(request.validationDirectory()).isEqualTo(base.resolve("link"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "w8|<variants> holds \"w8\"",
        "w9a8|w9a8",
        "w1a8|w1a8",
        "w8a8,w8a8|twice",
        "w8a8,,w4a4|<variants> holds \"\"",
      })
  @DisplayName("refuses variants it cannot read")
  void variants(String given, String message) {
    mojo.variants = List.of(given);
    assertFailure(message);
  }

  @Test
  @DisplayName("names the XML element of every parameter that is out of range")
  void ranges() {
    check(m -> m.variants = List.of(), "<variants> is empty");
    check(m -> m.calibrationImages = 0, "<calibrationImages> is 0");
    check(m -> m.alpha = Double.NaN, "<alpha> is NaN");
    check(m -> m.rate = -1, "<rate> is -1.0");
    check(m -> m.steps = -1, "<steps> is -1");
    check(m -> m.batch = 0, "<batch> is 0");
    check(m -> m.stride = 0, "<stride> is 0");
    check(m -> m.imageSize = "0", "<imageSize> is 0");
    check(m -> m.imageSize = "64x0", "<imageSize> is 64x0");
    check(m -> m.imageSize = "big", "<imageSize> is \"big\"");
    check(m -> m.imageSize = "99999x99999", "at most 67108864");
    check(m -> m.threads = -2, "<threads> is -2");
    check(m -> m.calibrationSelection = "best", "one of [stratified, name]");
    check(m -> m.outputTimestamp = "yesterday", "project.build.outputTimestamp");
    check(m -> m.outputTimestamp = "1970-01-01T00:00:00Z", "project.build.outputTimestamp");
    check(m -> m.checkpoint = new File("none.pth"), "<checkpoint> is " + base.resolve("none.pth"));
    check(m -> m.checkpoint = base.toFile(), "that is no file");
    check(m -> m.synset = new File("none.txt"), "<synset>");
    check(m -> m.licenseFile = new File("none.txt"), "<licenseFile>");
    check(m -> m.calibrationDirectory = new File("none"), "there is no such folder");
    check(
        m -> m.validationDirectory = base.resolve("m.pth").toFile(),
        "<validationDirectory> is " + base.resolve("m.pth"));
  }

  private void check(Consumer<QuantizeMojo> change, String message) {
    try {
      prepare();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    change.accept(mojo);
    assertFailure(message);
  }

  @Test
  @DisplayName("refuses to attach a classifier twice")
  void twice() {
    Artifact other = mock(Artifact.class);
    when(other.hasClassifier()).thenReturn(true);
    when(other.getClassifier()).thenReturn("w8a8");
    project.getAttachedArtifacts().add(other);
    assertFailure("already has an artifact with the classifier w8a8");
  }

  @Test
  @DisplayName("warns with the XML to add when the runtime is not passed on")
  void runtime() throws Exception {
    mojo.execute();
    assertThat(log.lines)
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("warn")
                    .contains(
                        "<artifactId>ptq4vm-runtime</artifactId>\n  <version>"
                            + BuildFacts.load().version()));
  }

  @Test
  @DisplayName("shows a user's problem as its message alone, and attaches nothing")
  void userProblem() {
    compiler =
        (r, listener) -> {
          throw new CompileException("The file is no checkpoint.");
        };
    assertThatThrownBy(mojo::execute)
        .isExactlyInstanceOf(MojoFailureException.class)
        .hasMessage("The file is no checkpoint.")
        .hasNoCause();
    verify(helper, never()).attachArtifact(any(), any(), any(), any(File.class));
  }

  @Test
  @DisplayName("reports a defect as an error with its cause")
  void defect() {
    compiler =
        (r, listener) -> {
          throw new IllegalStateException("broken invariant");
        };
    assertThatThrownBy(mojo::execute)
        .isExactlyInstanceOf(MojoExecutionException.class)
        .hasMessageContaining("broken invariant")
        .hasCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  @DisplayName("keeps the thread's interrupt")
  void interrupt() {
    compiler =
        (r, listener) -> {
          throw new InterruptedException();
        };
    assertThatThrownBy(mojo::execute).isExactlyInstanceOf(MojoExecutionException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  private void assertFailure(String message) {
    assertThatThrownBy(mojo::execute)
        .isExactlyInstanceOf(MojoFailureException.class)
        .hasMessageContaining(message);
  }
}
