package io.github.ptq4vm.compiler.data;

import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.image.ImageException;
import io.github.ptq4vm.image.ImagePreprocessor;
import io.github.ptq4vm.image.ImageSizeException;
import java.awt.Dimension;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.IntConsumer;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Images in an order.
 *
 * @param files the images
 */
public record ImageSet(List<ImageFile> files) {

  /** What a user of a finished model cannot do, but who builds one can. */
  private static final String ADVICE =
      " Or set imageSize to what the model was made for, or a preprocessing that"
          + " resizes and crops.";

  /** Takes an immutable copy. */
  public ImageSet {
    files = List.copyOf(files);
  }

  /** All images of a directory, in its order. */
  public static ImageSet of(ImageFolder folder) {
    return new ImageSet(folder.files());
  }

  /** Number of images. */
  public int size() {
    return files.size();
  }

  /** Class of each image. */
  public int[] labels() {
    return files.stream().mapToInt(ImageFile::label).toArray();
  }

  /**
   * Part of the images, for sets whose pixels do not fit into memory at once.
   *
   * @param from first image
   * @param to image after the last
   */
  public ImageSet slice(int from, int to) {
    return new ImageSet(files.subList(from, to));
  }

  /**
   * Reads and prepares all images.
   *
   * @param threads how many images are worked on at once, at least 1
   * @param progress hears how many images are done, from 1 to {@link #size()}, in the calling
   *     thread
   * @return for each image, in order, what {@link ImagePreprocessor#apply(Path)} gives; the same
   *     for every number of threads
   * @throws CompileException naming the first image, in order, that cannot be read or has the wrong
   *     size; or if the thread is interrupted, which it remains
   */
  public float[][] load(ImagePreprocessor preprocessor, int threads, IntConsumer progress) {
    return load(preprocessor::apply, threads, progress);
  }

  /** Reads and prepares all images as {@link #load(ImagePreprocessor, int, IntConsumer)}. */
  public float[][] load(Function<Path, float[]> prepare, int threads, IntConsumer progress) {
    float[][] result = new float[files.size()][];
    ExecutorService pool =
        Executors.newFixedThreadPool(Math.max(1, Math.min(threads, files.size())));
    try {
      List<Future<float[]>> pending = new ArrayList<>();
      for (ImageFile file : files) {
        pending.add(pool.submit(() -> prepare.apply(file.path())));
      }
      for (int i = 0; i < result.length; i++) {
        result[i] = pending.get(i).get();
        progress.accept(i + 1);
      }
      return result;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ImageException cause) {
        throw new CompileException(
            cause.getMessage() + (cause instanceof ImageSizeException ? ADVICE : ""), cause);
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("Loading images failed.", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CompileException("Loading images was interrupted.", e);
    } finally {
      pool.shutdownNow();
    }
  }

  /**
   * Width and height of the first image in pixels, by its header.
   *
   * @return empty if the header cannot be read; reading the image will say why
   */
  public Optional<Dimension> firstSize() {
    try (ImageInputStream stream = ImageIO.createImageInputStream(files.get(0).path().toFile())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
      if (!readers.hasNext()) {
        return Optional.empty();
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(stream);
        return Optional.of(new Dimension(reader.getWidth(0), reader.getHeight(0)));
      } finally {
        reader.dispose();
      }
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * SHA-256, in lower-case hex, over the images in order: for each the length of its name in UTF-8
   * as four bytes, most significant first, the name, and the SHA-256 of the file. Does not depend
   * on where the directory lies.
   *
   * @throws CompileException if a file cannot be read
   */
  public String digest() {
    MessageDigest all = sha256();
    MessageDigest content = sha256();
    byte[] buffer = new byte[1 << 16];
    for (ImageFile file : files) {
      byte[] name = file.name().getBytes(StandardCharsets.UTF_8);
      all.update(ByteBuffer.allocate(4).putInt(name.length).flip());
      all.update(name);
      try (InputStream stream = Files.newInputStream(file.path())) {
        for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
          content.update(buffer, 0, n);
        }
      } catch (IOException e) {
        throw new CompileException("The image %s cannot be read: %s.".formatted(file.path(), e), e);
      }
      all.update(content.digest());
    }
    return HexFormat.of().formatHex(all.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }
}
