package io.github.ptq4vm.cpu;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.util.Arrays;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * The native library oneDNN behind the optional dependency {@code org.bytedeco:dnnl}: loads it
 * once, and says why it cannot be used. Nothing but this class and {@link OneDnnProduct} touches
 * that dependency.
 *
 * <p>Libraries are loaded here and not by their bindings, which would also want those of OpenCL and
 * take three times as long.
 */
final class OneDnnLibrary {
  private static final String FOLDER = "/org/bytedeco/dnnl/linux-x86_64/";
  private static final String BINDINGS = "/org/bytedeco/javacpp/linux-x86_64/libjnijavacpp.so";
  private static final String LOAD = "org.bytedeco.javacpp.loadLibraries";

  /** Name of the thread that checks; threads the library starts would inherit it. */
  private static final String CHECKER = "ptq4vm-onednn";

  private static @Nullable String obstacle;

  private OneDnnLibrary() {}

  /** What stands against the library once it is loaded, in full sentences, or empty. */
  static synchronized String obstacle() {
    String known = obstacle;
    if (known == null) {
      known = load();
      if (known.isEmpty()) {
        known = check();
      }
      obstacle = known;
    }
    return known;
  }

  private static String load() {
    String before = System.getProperty(LOAD);
    System.setProperty(LOAD, "false");
    try {
      System.load(file(BINDINGS));
      String gomp = file(FOLDER + "libgomp.so.1");
      String core = file(FOLDER + "libdnnl.so.3");
      String bindings = file(FOLDER + "libjnidnnl.so");
      withoutTeams(() -> System.load(gomp));
      System.load(core);
      System.load(bindings);
      // Initializes the classes while they must not load anything themselves.
      dnnl.dnnl_get_effective_cpu_isa();
      new IntPointer(1).close();
      return "";
    } catch (IOException | LinkageError | RuntimeException e) {
      return "The library of the dependency org.bytedeco:dnnl cannot be loaded ("
          + e
          + "): it takes the classifier linux-x86_64 of org.bytedeco:dnnl and org.bytedeco:javacpp,"
          + " of one release.";
    } finally {
      if (before == null) {
        System.clearProperty(LOAD);
      } else {
        System.setProperty(LOAD, before);
      }
    }
  }

  /** A library unpacked to where its bindings keep them between runs. */
  private static String file(String resource) throws IOException {
    URL url = dnnl.class.getResource(resource);
    File file = url == null ? null : Loader.cacheResource(url);
    if (file == null) {
      throw new IOException("there is no " + resource + " on the class path");
    }
    return file.getPath();
  }

  /**
   * Loads the OpenMP runtime with one thread a team: the work is shared out already when the
   * library is called. The runtime reads its number of threads from the environment when it is
   * loaded, and only then; the process gets its own environment back at once.
   */
  private static void withoutTeams(Runnable loading) {
    Pointer environ = Loader.addressof("environ");
    if (environ == null) {
      loading.run();
      return;
    }
    LongPointer variable = new LongPointer(environ);
    long original = variable.get();
    Pointer first = new PointerPointer<>(environ).get(Pointer.class, 0);
    LongPointer entries = new LongPointer(first);
    int count = 0;
    while (first != null && entries.get(count) != 0) {
      count++;
    }
    // First, so that it counts before one that is there already.
    BytePointer single = new BytePointer("OMP_NUM_THREADS=1");
    LongPointer changed = new LongPointer(count + 2L);
    changed.put(0, single.address());
    for (int i = 0; i <= count; i++) {
      changed.put(i + 1L, i < count ? entries.get(i) : 0L);
    }
    variable.put(changed.address());
    try {
      loading.run();
    } finally {
      variable.put(original);
      changed.close();
      single.close();
    }
  }

  /** Whether sums are exact at their largest, and whether the library starts threads. */
  private static String check() {
    String[] result = {""};
    Thread checker = new Thread(() -> result[0] = checkHere(), CHECKER);
    checker.start();
    boolean interrupted = false;
    while (checker.isAlive()) {
      try {
        checker.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return result[0];
  }

  private static String checkHere() {
    int rows = 96;
    int in = 256;
    int out = 128;
    // Without a dot product the library is used only where two products fit 16 bits.
    int largest = OneDnn.hasDotProduct() ? 127 : 64;
    byte[] weight = new byte[out * in];
    for (int i = 0; i < weight.length; i++) {
      // Alternating, all positive and all negative rows.
      int o = i / in;
      weight[i] =
          (byte) (o % 3 == 0 ? largest - 2 * largest * (i % 2) : o % 3 == 1 ? largest : -largest);
    }
    OneDnnProduct product = new OneDnnProduct(weight, out, in);
    float[] codes = new float[rows * in + OneDnnProduct.SPARE];
    Arrays.fill(codes, 255f);
    int[] sums = new int[out];
    Scratch scratch = new Scratch();
    product.multiply(codes, in, rows, scratch);
    for (int r = 0; r < rows; r++) {
      product.sums(r, 0, out, sums, scratch);
      for (int o = 0; o < out; o++) {
        int expected = o % 3 == 0 ? 0 : o % 3 == 1 ? 255 * largest * in : -255 * largest * in;
        if (sums[o] != expected) {
          return "Its integer sums are not exact on this processor ("
              + sums[o]
              + " instead of "
              + expected
              + ").";
        }
      }
    }
    return threads() > 1
        ? "Its OpenMP runtime was loaded by another library before and starts threads of its own:"
            + " set the environment variable OMP_NUM_THREADS=1."
        : "";
  }

  /** Threads of this process that have the name of the checking one. */
  private static int threads() {
    int count = 0;
    File[] tasks = new File("/proc/self/task").listFiles();
    for (File task : tasks == null ? new File[0] : tasks) {
      try {
        if (Files.readString(task.toPath().resolve("comm")).strip().equals(CHECKER)) {
          count++;
        }
      } catch (IOException e) {
        // The thread has ended.
        continue;
      }
    }
    return count;
  }
}
