package io.github.ptq4vm.benchmarks.gpu;

import io.github.ptq4vm.image.Preprocessing;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Decoded images of one size in a file, so that a machine without image libraries can use them: the
 * number of images, the number of bytes of each, then red, green and blue of one pixel after the
 * other, each as the difference from the pixel before, which compresses better; compressed as a
 * whole.
 *
 * @param images bytes of each image
 */
public record Pixels(List<byte[]> images) {
  private static final int MAX_IMAGES = 100_000;
  private static final int MAX_BYTES = 1 << 22;

  /** Takes an immutable copy of the list, not of the bytes. */
  public Pixels {
    images = List.copyOf(images);
  }

  /** Writes the file. */
  public void write(Path file) throws IOException {
    try (DataOutputStream out =
        new DataOutputStream(
            new BufferedOutputStream(new GZIPOutputStream(Files.newOutputStream(file))))) {
      out.writeInt(images.size());
      out.writeInt(images.isEmpty() ? 0 : images.get(0).length);
      for (byte[] image : images) {
        out.write(differences(image));
      }
    }
  }

  private static byte[] differences(byte[] image) {
    byte[] differences = image.clone();
    for (int k = 3; k < image.length; k++) {
      differences[k] -= image[k - 3];
    }
    return differences;
  }

  /** Reads the file. */
  static Pixels read(Path file) throws IOException {
    try (DataInputStream in =
        new DataInputStream(
            new BufferedInputStream(new GZIPInputStream(Files.newInputStream(file))))) {
      int count = in.readInt();
      int bytes = in.readInt();
      if (count < 0 || count > MAX_IMAGES || bytes < 0 || bytes > MAX_BYTES) {
        throw new IOException(
            "The file " + file + " claims to hold " + count + " images of " + bytes + " bytes.");
      }
      List<byte[]> images = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        byte[] image = new byte[bytes];
        in.readFully(image);
        for (int k = 3; k < bytes; k++) {
          image[k] += image[k - 3];
        }
        images.add(image);
      }
      return new Pixels(images);
    }
  }

  /** Each image as a network takes it: normalised, plane by plane. */
  float[][] tensors(Preprocessing preprocessing) {
    return images.stream().map(image -> tensor(image, preprocessing)).toArray(float[][]::new);
  }

  private static float[] tensor(byte[] image, Preprocessing preprocessing) {
    int area = image.length / 3;
    float[] tensor = new float[image.length];
    for (int channel = 0; channel < 3; channel++) {
      float mean = preprocessing.mean().get(channel).floatValue();
      float std = preprocessing.std().get(channel).floatValue();
      for (int i = 0; i < area; i++) {
        tensor[channel * area + i] = ((image[3 * i + channel] & 0xff) / 255f - mean) / std;
      }
    }
    return tensor;
  }
}
