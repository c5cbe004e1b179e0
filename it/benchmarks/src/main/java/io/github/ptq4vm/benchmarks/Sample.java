package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.compiler.ImportOptions;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** A trained checkpoint with images, measured by others too. */
enum Sample {
  /** Vim of 0.84 M parameters on Imagenette at 64 pixels. */
  VIM_MICRO(
      "models/vim_micro_imagenette64.pth", "data/imagenette64", 256, "", "100 steps", 0.3, 23.4),
  /** Vim of 0.18 M parameters on drawn shapes at 64 pixels, the quickstart's. */
  VIM_NANO("quickstart/vim_nano_shapes.pth", "quickstart", 128, "", "100 steps", 0.3, 16.6),
  /** VMamba of 1.68 M parameters on Imagenette at 64 pixels. */
  VMAMBA_MICRO(
      "models/vmamba_micro_imagenette64.pth", "data/imagenette64", 256, "", "50 epochs", 0.5, 0),
  /**
   * LocalVim of 0.20 M parameters on drawn shapes at 64 pixels; there is no released code for it.
   */
  LOCAL_VIM_NANO(
      "quickstart/local_vim_nano_shapes.pth",
      "quickstart",
      128,
      "h,v_flip,w2,w7; h_flip,v,w2_flip,v_flip; h,h_flip,v,v_flip",
      "",
      0.5,
      0);

  private static final int IMAGE_SIZE = 64;

  private final String checkpoint;
  private final String images;
  private final int calibrationImages;
  private final String directions;
  private final String learning;
  private final double margin;
  private final double target;

  Sample(
      String checkpoint,
      String images,
      int calibrationImages,
      String directions,
      String learning,
      double margin,
      double target) {
    this.checkpoint = checkpoint;
    this.images = images;
    this.calibrationImages = calibrationImages;
    this.directions = directions;
    this.learning = learning;
    this.margin = margin;
    this.target = target;
  }

  /** Name in tables and on the command line. */
  String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** How the checkpoint is read; the images have the input's size. */
  ImportOptions options() {
    ImportOptions options = ImportOptions.of(IMAGE_SIZE);
    return directions.isEmpty() ? options : options.withScanDirections(directions);
  }

  /** The checkpoint. */
  Path checkpoint(Path shared) {
    return shared.resolve(checkpoint);
  }

  /** Folder of calibration images. */
  Path calibration(Path shared) {
    return shared.resolve(images).resolve("calibration");
  }

  /** Folder of validation images. */
  Path validation(Path shared) {
    return shared.resolve(images).resolve("validation");
  }

  /** Calibration images the model card's figures are for. */
  int calibrationImages() {
    return calibrationImages;
  }

  /** How much the released recipe learned; empty where there is none. */
  Optional<String> releasedLearning() {
    return learning.isEmpty() ? Optional.empty() : Optional.of(learning);
  }

  /** Whose figures the model card has. */
  String measuredBy() {
    return learning.isEmpty() ? "reference" : "released recipe";
  }

  /** How far top-1 of W8A8 may be from the float model's, in points. */
  double margin() {
    return margin;
  }

  /** Signal to noise that {@code auto} is to reach with W4A4, decibels; 0 where none is set. */
  double target() {
    return target;
  }
}
