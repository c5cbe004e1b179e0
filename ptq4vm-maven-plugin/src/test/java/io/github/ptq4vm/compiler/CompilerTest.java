package io.github.ptq4vm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.ptq4vm.QuantizedModel;
import io.github.ptq4vm.artifact.FileDigest;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import io.github.ptq4vm.compiler.checkpoint.SharedFiles;
import io.github.ptq4vm.image.Preprocessing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From a trained checkpoint and a few images to jars the runtime loads. */
class CompilerTest {
  private static final int CLASSES = 10;
  private static final int IMAGES_A_CLASS = 3;

  @TempDir Path folder;

  private RequestBuilder request;
  private Path validation;

  /** What a listener heard. */
  private static final class Heard implements CompileListener {
    final List<String> infos = new ArrayList<>();
    final List<String> warnings = new ArrayList<>();
    final Map<String, long[]> progress = new HashMap<>();

    @Override
    public void info(String message) {
      infos.add(message);
    }

    @Override
    public void warn(String message) {
      warnings.add(message);
    }

    @Override
    public void progress(String task, long done, long total, String unit) {
      long[] before = progress.put(task, new long[] {done, total});
      assertThat(done).as(task).isBetween(before == null ? 0 : before[0], total);
    }
  }

  /** A request that works, to be changed in one place. */
  private static final class RequestBuilder {
    Path checkpoint = SharedFiles.path("quickstart/vim_nano_shapes.pth");
    String architecture = "auto";
    int imageSize = 64;
    @Nullable String scanDirections;
    Path calibration = SharedFiles.path("quickstart/calibration");
    int calibrationImages = 16;
    @Nullable Path validation;
    @Nullable Path synset = SharedFiles.path("quickstart/synset.txt");
    List<Variant> variants = List.of(new Variant("w8a8", 8, 8), new Variant("w4a4", 4, 4));
    Path output;

    RequestBuilder(Path validation, Path output) {
      this.validation = validation;
      this.output = output;
    }

    CompileRequest build() {
      return new CompileRequest(
          checkpoint,
          "model",
          ImportOptions.of(imageSize)
              .withArchitecture(architecture)
              .withScanDirections(scanDirections),
          new Preprocessing(
              0,
              0,
              Preprocessing.Interpolation.BICUBIC,
              Preprocessing.IMAGENET_MEAN,
              Preprocessing.IMAGENET_STD),
          new CompileRequest.Calibration(
              calibration, calibrationImages, CompileRequest.Selection.STRATIFIED),
          validation,
          synset,
          variants,
          new Recipe(Recipe.Method.PTQ4VM, 0.5, 4, 8, 0.3, 0),
          new CompileRequest.Identity(
              "com.example", "shapes", "1.0", "CC0-1.0", "No rights reserved.", "0.1.0", Map.of()),
          2,
          output,
          1_700_000_000L);
    }
  }

  @BeforeEach
  void someOfTheValidationImages() throws IOException {
    validation = folder.resolve("validation");
    try (Stream<Path> classes = Files.list(SharedFiles.path("quickstart/validation"))) {
      for (Path source : classes.sorted().toList()) {
        Path target = Files.createDirectories(validation.resolve(source.getFileName()));
        try (Stream<Path> images = Files.list(source)) {
          for (Path image : images.sorted().limit(IMAGES_A_CLASS).toList()) {
            Files.copy(image, target.resolve(image.getFileName()));
          }
        }
      }
    }
    request = new RequestBuilder(validation, folder.resolve("out"));
  }

  @Test
  void jarsDoWhatTheResultSays() throws IOException {
    Heard heard = new Heard();
    CompileResult result = new Compiler(heard).compile(request.build());

    assertThat(result.architecture()).startsWith("vim");
    assertThat(result.calibrationImages()).isEqualTo(16);
    assertThat(result.fp32Top1()).isGreaterThan(0.8);
    assertThat(result.variants()).extracting(VariantResult::name).containsExactly("w8a8", "w4a4");
    assertThat(result.variants().get(0).metrics().get("agreement")).isGreaterThan(0.9);
    assertThat(result.variants().get(0).metrics().get("sqnr_db"))
        .isGreaterThan(result.variants().get(1).metrics().get("sqnr_db"));
    assertThat(result.variants().get(0).bytes()).isGreaterThan(result.variants().get(1).bytes());
    for (VariantResult variant : result.variants()) {
      check(result, variant);
    }

    assertThat(heard.warnings).isEmpty();
    assertThat(heard.infos).anyMatch(info -> info.contains("vim_nano_shapes.pth"));
    assertThat(heard.progress).containsKeys("Quantizing w8a8", "Validating w4a4");
    heard.progress.forEach((task, last) -> assertThat(last[0]).as(task).isEqualTo(last[1]));
    assertThat(result.seconds().keySet()).contains("import", "w4a4, validate");
  }

  private void check(CompileResult result, VariantResult variant) throws IOException {
    byte[] jar = Files.readAllBytes(variant.jar());
    assertThat(variant.bytes()).isEqualTo(jar.length);
    assertThat(variant.sha256()).isEqualTo(FileDigest.of(jar).sha256());
    try (QuantizedModel model = QuantizedModel.load(variant.jar())) {
      assertThat(model.id().variant()).isEqualTo(variant.name());
      assertThat(model.labels()).hasSize(CLASSES).startsWith("arrow");
      assertThat(model.manifest().description().metrics()).isEqualTo(variant.metrics());
      assertThat(model.manifest().description().calibration().count()).isEqualTo(16);

      int right = 0;
      int images = 0;
      try (Stream<Path> files = Files.walk(validation)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          String label = file.getParent().getFileName().toString();
          right += model.classify(file).get(0).label().equals(label) ? 1 : 0;
          images++;
        }
      }
      assertThat(images).isEqualTo(CLASSES * IMAGES_A_CLASS);
      assertThat(variant.top1()).isCloseTo((double) right / images, within(1e-12));
      assertThat(variant.metrics())
          .containsEntry("top1", (double) right / images)
          .containsEntry("fp32_top1", result.fp32Top1())
          .containsEntry("validation_images", (double) images);
    }
  }

  @Test
  void sameInputsSameBytes() throws IOException {
    request.variants = List.of(new Variant("w4a8", 4, 8));
    Path first = compile().jar();
    request.output = folder.resolve("elsewhere/out");
    Path second = compile().jar();
    assertThat(second).isNotEqualTo(first).hasSameBinaryContentAs(first);
  }

  @Test
  void worksWithoutValidationAndLabels() {
    request.variants = List.of(new Variant("w6a6", 6, 6));
    request.validation = null;
    request.synset = null;
    request.calibrationImages = 2;
    VariantResult variant = compile();
    assertThat(variant.top1()).isNull();
    assertThat(variant.metrics()).isEmpty();
    try (QuantizedModel model = QuantizedModel.load(variant.jar())) {
      assertThat(model.labels()).isEmpty();
    }
  }

  @Test
  void tellsThatCalibrationImagesAreFew() throws IOException {
    request.variants = List.of(new Variant("w8a8", 8, 8));
    request.calibration = validation;
    request.calibrationImages = 100;
    Heard heard = new Heard();
    new Compiler(heard).compile(request.build());
    assertThat(heard.warnings)
        .singleElement()
        .asString()
        .contains("Only 30 of the 100 calibration images", validation.toString());
  }

  private VariantResult compile() {
    return new Compiler(new Heard()).compile(request.build()).variants().get(0);
  }

  private void fails(String... parts) {
    assertThatThrownBy(this::compile)
        .isInstanceOf(CompileException.class)
        .message()
        .contains(parts)
        .endsWith(".");
    assertThat(request.output.resolve("w8a8.jar")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "models/vmamba_micro_imagenette64.pth||vmamba-v2-d32-l1.1.3.1",
        "quickstart/local_vim_nano_shapes.pth|h,v_flip,w2,w7; h_flip,v,w2_flip,v_flip;"
            + " h,h_flip,v,v_flip|localvim-d64-l3",
      })
  void otherFamiliesCompileAsWell(
      String checkpoint, @Nullable String directions, String architecture) {
    request.checkpoint = SharedFiles.path(checkpoint);
    request.scanDirections = directions;
    request.synset = null;
    request.variants = List.of(new Variant("w8a8", 8, 8));
    CompileResult result = new Compiler(new Heard()).compile(request.build());

    assertThat(result.architecture()).isEqualTo(architecture);
    assertThat(result.variants().get(0).metrics().get("agreement")).isGreaterThan(0.9);
    assertThat(result.variants().get(0).metrics().get("sqnr_db")).isGreaterThan(15);
    try (QuantizedModel model = QuantizedModel.load(result.variants().get(0).jar())) {
      assertThat(model.manifest().network().architecture()).isEqualTo(architecture);
      assertThat(model.height()).isEqualTo(64);
    }
  }

  @Test
  void missingFilesAreNamed() {
    request.checkpoint = folder.resolve("missing.pth");
    fails("missing.pth");
    request.checkpoint = SharedFiles.path("quickstart/vim_nano_shapes.pth");

    request.calibration = folder.resolve("no-images");
    fails("no-images");
    request.calibration = validation;

    request.synset = folder.resolve("no-synset.txt");
    fails("no-synset.txt");
    request.synset = null;

    request.validation = folder.resolve("no-validation");
    fails("no-validation");
  }

  @Test
  void whatDoesNotFitIsNamed() throws IOException {
    request.imageSize = 224;
    fails("224", "64");
    request.imageSize = 64;

    request.architecture = "resnet";
    fails("resnet", "vim");
    request.architecture = "auto";

    Path synset = Files.writeString(folder.resolve("synset.txt"), "one\ntwo\n");
    request.synset = synset;
    fails(synset.toString(), "2", "10");
    request.synset = null;

    Path extra = Files.createDirectories(validation.resolve("zigzag"));
    Path image = validation.resolve("arrow");
    try (Stream<Path> images = Files.list(image)) {
      Path any = images.findFirst().orElseThrow();
      Files.copy(any, extra.resolve("1.png"));
    }
    fails("11", "10");
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNamed() throws IOException {
    request.variants = List.of(new Variant("w8a8", 8, 8));
    request.validation = null;
    request.calibrationImages = 2;
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    request.output = file;
    assertThatThrownBy(this::compile)
        .isInstanceOf(CompileException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("cannot be written");
  }
}
