package io.github.ptq4vm.cuda;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import jcuda.NativePointerObject;

/** Numbers for JCuda's objects, which do not tell what is in them. */
final class JCudaHandles {
  private final Map<Long, NativePointerObject> objects = new ConcurrentHashMap<>();
  private final AtomicLong last = new AtomicLong();

  /** A number for an object. */
  long add(NativePointerObject object) {
    long handle = last.incrementAndGet();
    objects.put(handle, object);
    return handle;
  }

  /** The object of a number. */
  <T extends NativePointerObject> T get(long handle, Class<T> type) {
    NativePointerObject object = objects.get(handle);
    if (object == null) {
      throw new IllegalStateException(
          "There is no " + type.getSimpleName() + " with the handle " + handle + ".");
    }
    return type.cast(object);
  }

  /** The object of a number, which is forgotten. */
  <T extends NativePointerObject> T remove(long handle, Class<T> type) {
    T object = get(handle, type);
    objects.remove(handle);
    return object;
  }
}
