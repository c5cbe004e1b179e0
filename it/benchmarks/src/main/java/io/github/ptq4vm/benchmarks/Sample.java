package io.github.ptq4vm.benchmarks;

import java.nio.file.Path;
import java.util.Locale;

/** A trained checkpoint with images, measured with the released recipe too. */
enum Sample {
  /** Vim of 0.84 M parameters on Imagenette at 64 pixels. */
  VIM_MICRO("models/vim_micro_imagenette64.pth", "data/imagenette64", 256),
  /** Vim of 0.18 M parameters on drawn shapes at 64 pixels, the quickstart's. */
  VIM_NANO("quickstart/vim_nano_shapes.pth", "quickstart", 128);

  /** Side of the input of all samples in pixels; their images have that size. */
  static final int IMAGE_SIZE = 64;

  private final String checkpoint;
  private final String images;
  private final int calibrationImages;

  Sample(String checkpoint, String images, int calibrationImages) {
    this.checkpoint = checkpoint;
    this.images = images;
    this.calibrationImages = calibrationImages;
  }

  /** Name in tables and on the command line. */
  String id() {
    return name().toLowerCase(Locale.ROOT);
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

  /** Calibration images the released recipe was measured with. */
  int calibrationImages() {
    return calibrationImages;
  }
}
