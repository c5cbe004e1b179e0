package io.github.ptq4vm.image;

import java.util.List;

/**
 * What happens to an image before the network; a property of the model that travels in the
 * artifact. Pixels become {@code (value/255 - mean[c]) / std[c]}.
 *
 * @param resize length of the short side after resizing, or 0 to leave the image as it is
 * @param crop side of the centre crop, or 0 for none
 * @param interpolation filter of the resize
 * @param mean mean of each of the channels R, G, B
 * @param std standard deviation of each of the channels R, G, B
 */
public record Preprocessing(
    int resize, int crop, Interpolation interpolation, List<Double> mean, List<Double> std) {

  /** ImageNet's channel means. */
  public static final List<Double> IMAGENET_MEAN = List.of(0.485, 0.456, 0.406);

  /** ImageNet's channel standard deviations. */
  public static final List<Double> IMAGENET_STD = List.of(0.229, 0.224, 0.225);

  /** Takes immutable copies and checks them. */
  public Preprocessing {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.size() != 3 || std.size() != 3) {
      throw new IllegalArgumentException(
          "mean and std need three values each, for R, G and B, but are "
              + mean
              + " and "
              + std
              + ".");
    }
    if (resize < 0 || crop < 0 || std.stream().anyMatch(v -> !(v > 0))) {
      throw new IllegalArgumentException(
          "resize and crop must not be negative and std must be positive, but they are "
              + resize
              + ", "
              + crop
              + " and "
              + std
              + ".");
    }
  }

  /** Filter of the resize. */
  public enum Interpolation {
    /** Pillow's bicubic filter (a = -0.5), with antialiasing. */
    BICUBIC,
    /** Pillow's bilinear (triangle) filter, with antialiasing. */
    BILINEAR
  }

  /** Short side to {@code size/0.875}, centre crop of {@code size}, ImageNet mean and std. */
  public static Preprocessing forImageSize(int size) {
    return new Preprocessing(
        (int) (size / 0.875), size, Interpolation.BICUBIC, IMAGENET_MEAN, IMAGENET_STD);
  }
}
