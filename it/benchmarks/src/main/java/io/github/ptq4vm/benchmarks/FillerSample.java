package io.github.ptq4vm.benchmarks;

import io.github.ptq4vm.artifact.SafetensorsWriter;
import io.github.ptq4vm.compiler.checkpoint.FillerModels;
import java.awt.image.BufferedImage;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * A released model size with filler weights, and images to calibrate it with, written to a folder:
 * what costs time does not depend on what was learned.
 */
final class FillerSample {
  private FillerSample() {}

  /**
   * Writes a checkpoint.
   *
   * @param name one of {@link FillerModels#names()}
   */
  static Path checkpoint(String name, Path folder) throws IOException {
    Path file = folder.resolve(name + ".safetensors");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      SafetensorsWriter.write(
          FillerModels.tensors(FillerModels.byName(name).network()),
          Collections.unmodifiableSortedMap(new TreeMap<>()),
          out);
    }
    return file;
  }

  /**
   * Writes images, one PNG each: waves whose colours, lengths and directions differ.
   *
   * @param size side in pixels
   */
  static Path images(int count, int size, Path folder) throws IOException {
    Path images = Files.createDirectories(folder.resolve("images"));
    for (int i = 0; i < count; i++) {
      Path file = images.resolve(String.format("%04d.png", i));
      ImageIO.write(image(i, size), "png", file.toFile());
    }
    return images;
  }

  private static BufferedImage image(int number, int size) {
    BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        int rgb = 0;
        for (int channel = 0; channel < 3; channel++) {
          double direction = number * 0.7 + channel;
          double along = x * Math.cos(direction) + y * Math.sin(direction);
          double wave = Math.sin(along / (3 + number % 13 + channel) + number);
          rgb = rgb << 8 | (int) Math.round(127.5 + 127 * wave);
        }
        image.setRGB(x, y, rgb);
      }
    }
    return image;
  }
}
