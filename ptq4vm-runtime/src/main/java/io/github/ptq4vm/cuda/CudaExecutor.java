package io.github.ptq4vm.cuda;

import io.github.ptq4vm.GpuUnavailableException;
import io.github.ptq4vm.OverflowException;
import io.github.ptq4vm.network.Images;
import io.github.ptq4vm.network.Model;
import io.github.ptq4vm.network.Network;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs a model on an NVIDIA GPU. Thread-safe: several threads may call at once, several models may
 * share a GPU. Requests are cut into batches of powers of two; memory, and the recorded work of a
 * batch, are made when a size is first used and kept while others do not need the memory. Results
 * do not depend on what the other images of a batch are. They do depend, within the rounding of
 * sums and the steps of quantization that it moves values across, on how many images a batch has,
 * as a scan is cut by their number; and so on how a request is cut, which memory that other threads
 * or models use may change.
 */
public final class CudaExecutor implements AutoCloseable {
  /** Images of the largest batch, unless told. */
  public static final int LARGEST_BATCH = 256;

  /** Batches that are on the GPU at a time. */
  private static final int SESSIONS = 4;

  /** Batches of one request that are on the GPU at a time: one computes, another is copied. */
  private static final int FLIGHTS = 2;

  private final Network network;
  private final boolean single;
  private final boolean parallel;
  private final LoadedNetwork loaded;
  private final SessionPool sessions;
  private final BatchLimit limit;
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
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
    this(model, false);
  }

  /**
   * Loads a model into the memory of the first GPU.
   *
   * @param single whether activations are stored in single instead of half precision
   * @throws GpuUnavailableException as for {@link #CudaExecutor(Model)}
   */
  public CudaExecutor(Model model, boolean single) {
    this(model, single, true);
  }

  /**
   * Loads a model into the memory of the first GPU.
   *
   * @param single whether activations are stored in single instead of half precision
   * @param parallel whether threads of the common pool may help to check and copy images; otherwise
   *     the caller's does all that is left to the processor
   * @throws GpuUnavailableException as for {@link #CudaExecutor(Model)}
   */
  public CudaExecutor(Model model, boolean single, boolean parallel) {
    this(model, single ? StorageType.F32 : StorageType.F16, LARGEST_BATCH, parallel);
  }

  /**
   * Loads a model into the memory of the first GPU.
   *
   * @param storage of activations, half or single precision
   * @param largest images of the largest batch, at least 1
   */
  CudaExecutor(Model model, StorageType storage, int largest) {
    this(model, storage, largest, true);
  }

  private CudaExecutor(Model model, StorageType storage, int largest, boolean parallel) {
    this.network = model.network();
    this.parallel = parallel;
    this.single = storage == StorageType.F32;
    this.loaded = LoadedNetwork.load(model, storage, Set.of(), 0);
    LoweredNetwork lowered = loaded.network();
    this.limit =
        new BatchLimit(
            largestBatch(largest, Math.max(lowered.planes().rows(), lowered.logits().stride())));
    this.sessions =
        new SessionPool(
            loaded.gpu().room(),
            images -> new Session(loaded, images, network.classes(), parallel),
            SESSIONS);
    try {
      // What the first image would lack shows here, where another device can still be chosen.
      sessions.giveBack(sessions.take(1));
    } catch (RuntimeException | Error e) {
      Closing.closeAll(new ArrayDeque<>(List.of(sessions, loaded)), e);
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

  /** Images of the largest batch if memory suffices: more at once are hardly faster. */
  public int largestBatch() {
    return limit.most();
  }

  /**
   * Logits of images.
   *
   * @param images each {@code 3 * height * width} normalised floats: all of R, then G, then B
   * @return one array of {@link Network#classes()} logits an image
   * @throws IllegalArgumentException if an image has another length or a value that is not finite
   * @throws GpuUnavailableException if there is too little memory, by now, even for one image
   * @throws OverflowException if logits are not finite
   */
  public float[][] run(float[][] images) {
    Images.require(network, images, parallel);
    return runChecked(images);
  }

  /**
   * Logits of images, as {@link #run} answers, that the caller has checked as it does.
   *
   * @throws GpuUnavailableException if there is too little memory, by now, even for one image
   * @throws OverflowException if logits are not finite
   */
  public float[][] runChecked(float[][] images) {
    float[][] logits;
    use.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("The executor is closed.");
      }
      logits = compute(images);
    } finally {
      use.readLock().unlock();
    }
    for (int i = 0; i < logits.length; i++) {
      if (Images.notFinite(logits[i]) >= 0) {
        throw new OverflowException(i, provider(), single);
      }
    }
    return logits;
  }

  /**
   * A batch that is on its way.
   *
   * @param from index of its first image
   */
  private record Flight(Session session, int from) {}

  /** The next batch is started before the last one is waited for, if there is a session for it. */
  private float[][] compute(float[][] images) {
    float[][] logits = new float[images.length][];
    Deque<Flight> flights = new ArrayDeque<>();
    int next = 0;
    try {
      while (next < images.length || !flights.isEmpty()) {
        Session session = session(images.length - next, flights.size());
        if (session == null) {
          Flight first = flights.element();
          first.session().finish(logits, first.from());
          sessions.giveBack(flights.remove().session());
        } else {
          flights.add(new Flight(session, next));
          session.start(images, next);
          next += session.images();
        }
      }
    } catch (RuntimeException | Error e) {
      flights.forEach(flight -> sessions.discard(flight.session(), e));
      throw e;
    }
    return logits;
  }

  /**
   * A session for the next batch; null if there is none without waiting, or there should be none,
   * while others of this request are on their way. A thread that has a session never waits for
   * another one.
   */
  private @Nullable Session session(int images, int flights) {
    if (images == 0 || flights == FLIGHTS) {
      return null;
    }
    int size = Math.min(limit.next(), Integer.highestOneBit(images));
    return flights == 0 ? take(size) : sessions.tryTake(size);
  }

  /** A session for that many images, or for fewer if memory does not suffice. */
  private Session take(int images) {
    int size = images;
    while (true) {
      try {
        return sessions.take(size);
      } catch (GpuUnavailableException | CudaException e) {
        if (size == 1 || !GpuRoom.isOutOfMemory(e)) {
          throw e;
        }
        size /= 2;
        limit.lower(size);
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
