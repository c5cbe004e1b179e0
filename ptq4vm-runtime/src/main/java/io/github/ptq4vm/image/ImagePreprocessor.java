package io.github.ptq4vm.image;

import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * Turns images into a network's input: decode, resize the short side, crop the centre, normalise,
 * as {@link Preprocessing} says. Agrees bit for bit with torchvision's {@code Resize}, {@code
 * CenterCrop}, {@code ToTensor} and {@code Normalize} on a Pillow image of the same pixels.
 *
 * <p>JPEG and PNG files are read as Pillow's {@code convert("RGB")} reads them: alpha is dropped
 * and not composited, palettes and grey are expanded, EXIF rotation and colour profiles are not
 * applied. The one difference: 16-bit grey keeps its high byte, as 16-bit colour does, where Pillow
 * clips it to white.
 *
 * <p>Immutable and safe for use by many threads at once. Works without a display and writes no
 * temporary files.
 */
public final class ImagePreprocessor {
  private final Preprocessing preprocessing;
  private final int height;
  private final int width;

  /** Normalised value of each pixel value, {@code [3][256]}. */
  private final float[][] normalised;

  /**
   * Makes a preprocessor for one model.
   *
   * @param preprocessing what happens to an image
   * @param height height of the network's input in pixels
   * @param width width of the network's input in pixels
   * @throws IllegalArgumentException if the crop cannot give an input of that size
   */
  public ImagePreprocessor(Preprocessing preprocessing, int height, int width) {
    if (height < 1 || width < 1 || (long) height * width > RgbImage.MAX_PIXELS) {
      throw new IllegalArgumentException(
          "A network's input of %d x %d pixels is not possible.".formatted(width, height));
    }
    int crop = preprocessing.crop();
    if (crop != 0 && (crop != height || crop != width)) {
      throw new IllegalArgumentException(
          ("The preprocessing crops images to %d x %d pixels but the model takes %d x %d. Set the"
                  + " crop to the model's image size, or to 0.")
              .formatted(crop, crop, width, height));
    }
    this.preprocessing = preprocessing;
    this.height = height;
    this.width = width;
    this.normalised = new float[3][256];
    for (int c = 0; c < 3; c++) {
      float mean = preprocessing.mean().get(c).floatValue();
      float std = preprocessing.std().get(c).floatValue();
      for (int v = 0; v < 256; v++) {
        normalised[c][v] = (v / 255f - mean) / std;
      }
    }
  }

  /**
   * Reads and prepares a JPEG or PNG file.
   *
   * @return {@code 3*height*width} floats: the red plane, then green, then blue, each row by row
   * @throws ImageException if the file cannot be read, is no complete JPEG or PNG image, has more
   *     than 2^26 pixels, or has not the size the model takes after resize and crop
   */
  public float[] apply(Path file) {
    return prepare(ImageDecoder.decode(file), file.toString());
  }

  /**
   * Reads and prepares a JPEG or PNG image, and leaves the stream open.
   *
   * @param name what to call the image in messages
   * @return as {@link #apply(Path)}
   * @throws ImageException as {@link #apply(Path)}
   */
  public float[] apply(InputStream stream, String name) {
    return prepare(ImageDecoder.decode(stream, name), name);
  }

  /**
   * Prepares a decoded image.
   *
   * @return as {@link #apply(Path)}
   * @throws ImageException if the image has more than 2^26 pixels, or not the size the model takes
   *     after resize and crop
   */
  public float[] apply(BufferedImage image) {
    return prepare(BufferedImages.toRgb(image, "The image"), "The image");
  }

  private float[] prepare(RgbImage decoded, String name) {
    RgbImage image = decoded;
    if (preprocessing.resize() > 0) {
      image = resizeShortSide(image, name);
    }
    if (preprocessing.crop() > 0) {
      image = image.centreCrop(preprocessing.crop());
    }
    if (image.height() != height || image.width() != width) {
      throw new ImageSizeException(
          ("%s has %d x %d pixels%s but the model takes %d x %d (width x height) and its"
                  + " preprocessing does not make them so. Scale the image to that size.")
              .formatted(
                  name,
                  decoded.width(),
                  decoded.height(),
                  image == decoded
                      ? ""
                      : " and %d x %d after preprocessing".formatted(image.width(), image.height()),
                  width,
                  height));
    }
    return normalise(image.data());
  }

  /** The long side keeps the aspect ratio, rounded down. */
  private RgbImage resizeShortSide(RgbImage image, String name) {
    int side = preprocessing.resize();
    long shorter = Math.min(image.width(), image.height());
    long newWidth = side * (long) image.width() / shorter;
    long newHeight = side * (long) image.height() / shorter;
    RgbImage.requireSize(newWidth, newHeight, name + ", resized to a short side of " + side + ",");
    return PillowResize.resize(
        image, (int) newWidth, (int) newHeight, preprocessing.interpolation());
  }

  private float[] normalise(byte[] pixels) {
    int plane = height * width;
    float[] result = new float[3 * plane];
    for (int c = 0; c < 3; c++) {
      float[] values = normalised[c];
      for (int i = 0; i < plane; i++) {
        result[c * plane + i] = values[pixels[3 * i + c] & 0xff];
      }
    }
    return result;
  }
}
