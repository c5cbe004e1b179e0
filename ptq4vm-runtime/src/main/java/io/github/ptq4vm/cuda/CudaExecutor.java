package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import io.github.ptq4vm.network.Images;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Runs a model on an NVIDIA GPU. Thread-safe: several threads may call at once, several models may
 * share a GPU. Requests are cut into batches of powers of two; memory, and the recorded work of a
 * batch, are made when a size is first used and kept. Results do not depend on what the other
 * images of a batch are. They do depend, within the rounding of sums and the steps of quantization
 * that it moves values across, on how many images a batch has, as a scan is cut by their number;
 * and so on how a request is cut, which memory that other threads or models use may change.
 */
public final class CudaExecutor implements AutoCloseable {
  /** Images of the largest batch, unless told. */
  public static final int LARGEST_BATCH = 256;

  /** Batches that are on the GPU at a time: one computes while others are copied. */
  private static final int SESSIONS = 4;

  private final Network network;
  private final LoadedNetwork loaded;
  private final SessionPool sessions;
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();

  /** Halved when memory does not suffice for it. */
  private volatile int largest;

  private boolean closed;

  /**
   * Loads a model into the memory of the first GPU; activations are stored in half precision.
   *
   * @throws GpuUnavailableException if there is no usable GPU, or the model and the work on one
   *     image do not fit it
   * @throws io.github.ptq4vm.network.InvalidNetworkException if a parameter of a quantized linear
   *     is out of range
   */
  public CudaExecutor(Model model) {
    this(model, StorageType.F16, LARGEST_BATCH);
  }

  /**
   * Loads a model into the memory of the first GPU.
   *
   * @param storage of activations, half or single precision
   * @param largest images of the largest batch, at least 1
   */
  CudaExecutor(Model model, StorageType storage, int largest) {
    this.network = model.network();
    this.loaded = LoadedNetwork.load(model, storage, Set.of(), 0);
    LoweredNetwork lowered = loaded.network();
    this.largest =
        largestBatch(largest, Math.max(lowered.planes().rows(), lowered.logits().stride()));
    this.sessions =
        new SessionPool(images -> new Session(loaded, images, network.classes()), SESSIONS);
    try {
      // What the first image would lack shows here, where another device can still be chosen.
      sessions.giveBack(sessions.take(1));
    } catch (RuntimeException | Error e) {
      Closing.closeAll(new ArrayDeque<>(List.of(loaded)), e);
      throw e;
    }
  }

  /**
   * The power of two that is not above what is wanted, and whose pinned memory has fewer bytes than
   * an array may have; 1 even if an image alone has more, which its session refuses.
   *
   * @param floats of an image, or of its logits
   */
  static int largestBatch(int wanted, int floats) {
    int most = Integer.MAX_VALUE / Float.BYTES / floats;
    return Integer.highestOneBit(Math.max(1, Math.min(wanted, most)));
  }

  /** Name of the GPU. */
  public String provider() {
    return loaded.gpu().device().name();
  }

  /** Images of the largest batch: more at once are no faster. */
  public int largestBatch() {
    return largest;
  }

  /**
   * Logits of images.
   *
   * @param images each {@code 3 * height * width} normalised floats: all of R, then G, then B
   * @return one array of {@link Network#classes()} logits an image
   * @throws IllegalArgumentException if an image has another length or a value that is not finite
   * @throws GpuUnavailableException if there is too little memory, by now, even for one image
   */
  public float[][] run(float[][] images) {
    Images.require(network, images);
    use.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("The executor is closed.");
      }
      float[][] logits = new float[images.length][];
      int done = 0;
      while (done < images.length) {
        done += batch(images, done, logits);
      }
      return logits;
    } finally {
      use.readLock().unlock();
    }
  }

  /** Runs as many images as make a batch; returns their number. */
  private int batch(float[][] images, int from, float[][] logits) {
    int size = Math.min(largest, Integer.highestOneBit(images.length - from));
    Session session = take(size);
    try {
      session.start(images, from);
      session.finish(logits, from);
    } catch (RuntimeException | Error e) {
      sessions.discard(session, e);
      throw e;
    }
    sessions.giveBack(session);
    return session.images();
  }

  /** A session for that many images, or for fewer if memory does not suffice. */
  private Session take(int images) {
    int size = images;
    while (true) {
      try {
        return sessions.take(size);
      } catch (GpuUnavailableException | CudaException e) {
        if (size == 1 || (e instanceof CudaException failure && !failure.isOutOfMemory())) {
          throw e;
        }
        size /= 2;
        largest = Math.min(largest, size);
      }
    }
  }

  /** Waits for calls that are under way, then frees the GPU's memory. */
  @Override
  public void close() {
    use.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        sessions.close();
        loaded.close();
      }
    } finally {
      use.writeLock().unlock();
    }
  }
}
