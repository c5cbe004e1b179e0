package io.github.ptq4vm.image;

import java.io.ByteArrayOutputStream;

/**
 * The segments of a JPEG file that carry pixels, and how its components become colours. What does
 * not matter for pixels (EXIF, thumbnails, profiles, comments) never reaches the decoder.
 *
 * @param width width in pixels
 * @param height height in pixels
 * @param colours what the components mean
 * @param essential a JPEG file without application segments and comments
 */
record JpegFile(int width, int height, Colours colours, byte[] essential) {
  private static final int START_OF_IMAGE = 0xd8;
  private static final int END_OF_IMAGE = 0xd9;
  private static final int START_OF_SCAN = 0xda;
  private static final int COMMENT = 0xfe;

  /** No encoder needs more; a file of scans only is a way to keep a decoder busy. */
  private static final int MAX_SCANS = 500;

  /** What the components of a pixel mean. */
  enum Colours {
    /** One component. */
    GREY,
    /** Luminance and two colour differences. */
    YCC,
    /** Red, green, blue. */
    RGB,
    /** Ink, stored as its complement. */
    CMYK,
    /** As {@link #CMYK}, with luminance and colour differences in place of CMY. */
    YCCK
  }

  /** Whether a file begins as JPEG files do. */
  static boolean matches(byte[] file) {
    return file.length >= 3
        && (file[0] & 0xff) == 0xff
        && (file[1] & 0xff) == START_OF_IMAGE
        && (file[2] & 0xff) == 0xff;
  }

  /**
   * Walks the segments of a file that {@link #matches}.
   *
   * @throws ImageException naming the image, if it is cut off, of a kind that is not read, or has
   *     too many pixels
   */
  static JpegFile parse(byte[] file, String name) {
    return new Walk(file, name).run();
  }

  /** A walk over the segments. */
  private static final class Walk {
    private final byte[] file;
    private final String name;
    private final ByteArrayOutputStream essential;
    private int position = 2;
    private int frame = -1;
    private int scans;
    private boolean jfif;
    private int adobeTransform = -1;

    Walk(byte[] file, String name) {
      this.file = file;
      this.name = name;
      this.essential = new ByteArrayOutputStream(file.length);
    }

    JpegFile run() {
      essential.write(file, 0, 2);
      int marker = nextMarker();
      while (marker != END_OF_IMAGE) {
        segment(marker);
        marker = nextMarker();
      }
      essential.write(0xff);
      essential.write(END_OF_IMAGE);
      if (frame < 0 || scans == 0) {
        throw damaged("it holds no pixels");
      }
      return new JpegFile(word(frame + 3), word(frame + 1), colours(), essential.toByteArray());
    }

    /** Passes over a segment, and the coded pixels behind it if it begins a scan. */
    private void segment(int marker) {
      int start = position;
      int length = word(position);
      require(length);
      if (length < 2) {
        throw damaged("the segment at byte %d is shorter than its length".formatted(start));
      }
      position += length;
      int data = start + 2;
      if (marker >= 0xe0 && marker <= 0xef || marker == COMMENT) {
        application(marker, data, length - 2);
        return;
      }
      if (isFrame(marker)) {
        frame(marker, data, length - 2);
      } else if (marker == START_OF_SCAN) {
        if (frame < 0 || ++scans > MAX_SCANS) {
          throw damaged(
              frame < 0
                  ? "pixels come before the header"
                  : "it has more than %d scans".formatted(MAX_SCANS));
        }
        skipCodedPixels();
      }
      essential.write(0xff);
      essential.write(marker);
      essential.write(file, start, position - start);
    }

    private void application(int marker, int data, int length) {
      if (marker == 0xe0 && startsWith(data, length, "JFIF\0")) {
        jfif = true;
      } else if (marker == 0xee && length >= 12 && startsWith(data, length, "Adobe")) {
        adobeTransform = file[data + 11] & 0xff;
      }
    }

    private void frame(int marker, int data, int length) {
      if (frame >= 0 || length < 6 || length != 6 + 3 * (file[data + 5] & 0xff)) {
        throw damaged(
            "the header at byte %d has a wrong length or is not the first".formatted(data));
      }
      int precision = file[data] & 0xff;
      if (marker > 0xc2 || precision != 8) {
        throw new ImageException(
            ("The image %s is a JPEG file with process %d and %d bits a sample, but only baseline"
                    + " and progressive files with 8 bits are read. Save it as one of those.")
                .formatted(name, marker - 0xc0, precision));
      }
      RgbImage.requireSize(word(data + 3), word(data + 1), "The image " + name);
      frame = data;
    }

    /** The rules of the Independent JPEG Group's library, which Pillow follows. */
    private Colours colours() {
      int components = file[frame + 5] & 0xff;
      switch (components) {
        case 1:
          return Colours.GREY;
        case 3:
          boolean named =
              file[frame + 6] == 'R' && file[frame + 9] == 'G' && file[frame + 12] == 'B';
          boolean rgb = !jfif && (adobeTransform < 0 ? named : adobeTransform == 0);
          return rgb ? Colours.RGB : Colours.YCC;
        case 4:
          return adobeTransform == 2 ? Colours.YCCK : Colours.CMYK;
        default:
          throw new ImageException(
              "The JPEG image %s has %d components, but only 1, 3 or 4 are read. Save it as RGB."
                  .formatted(name, components));
      }
    }

    private void skipCodedPixels() {
      while (true) {
        require(2);
        int next = file[position + 1] & 0xff;
        boolean restart = next >= 0xd0 && next <= 0xd7;
        if ((file[position] & 0xff) == 0xff && next != 0 && next != 0xff && !restart) {
          return;
        }
        position++;
      }
    }

    private int nextMarker() {
      require(2);
      // Libraries pass over stray bytes between segments, so this does, too.
      while ((file[position] & 0xff) != 0xff
          || (file[position + 1] & 0xff) == 0xff
          || file[position + 1] == 0) {
        position++;
        require(2);
      }
      position += 2;
      return file[position - 1] & 0xff;
    }

    private static boolean isFrame(int marker) {
      return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }

    private boolean startsWith(int data, int length, String text) {
      for (int i = 0; i < text.length(); i++) {
        if (i >= length || file[data + i] != text.charAt(i)) {
          return false;
        }
      }
      return true;
    }

    private int word(int at) {
      if (at + 2 > file.length) {
        throw cutOff();
      }
      return (file[at] & 0xff) << 8 | file[at + 1] & 0xff;
    }

    private void require(int bytes) {
      if (bytes > file.length - position) {
        throw cutOff();
      }
    }

    private ImageException cutOff() {
      return damaged("it is cut off after %d bytes".formatted(file.length));
    }

    private ImageException damaged(String problem) {
      return ImageDecoder.damaged(name, "JPEG", problem);
    }
  }
}
