package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.compiler.checkpoint.PickleValue.Storage;
import io.github.ptq4vm.compiler.checkpoint.PickleValue.View;
import io.github.ptq4vm.network.Tensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** A checkpoint in PyTorch's zip format. */
final class TorchCheckpoint implements Checkpoint {
  private final Path file;
  private final Digest digest;
  private final TorchArchive archive;
  private final SortedMap<String, View> views;
  private final SortedMap<String, StridedLayout> layouts = new TreeMap<>();
  private final SortedMap<String, TensorInfo> tensors = new TreeMap<>();

  private TorchCheckpoint(Path file, TorchArchive archive, String weights) {
    this.file = file;
    this.digest = new Digest(file);
    this.archive = archive;
    PickleValue root = PickleMachine.run(archive.pickle(), archive.pickleName());
    this.views = StateDict.find(root, weights, file);
    views.forEach(
        (key, view) -> {
          String what = "The tensor \"" + key + "\" of the checkpoint " + file;
          archive.require(view.storage(), what);
          StridedLayout layout = StridedLayout.of(view, what);
          layouts.put(key, layout);
          tensors.put(key, new TensorInfo(view.storage().dtype().name(), layout.shape()));
        });
  }

  /** Opens a file that starts like a zip archive. */
  static TorchCheckpoint open(Path file, String weights) {
    TorchArchive archive = TorchArchive.open(file);
    try {
      return new TorchCheckpoint(file, archive, weights);
    } catch (RuntimeException e) {
      archive.close();
      throw e;
    }
  }

  @Override
  public Path file() {
    return file;
  }

  @Override
  public String sha256() {
    return digest.hex();
  }

  @Override
  public SortedMap<String, TensorInfo> tensors() {
    return Collections.unmodifiableSortedMap(tensors);
  }

  @Override
  public Tensor.Floats read(String key) {
    View view = views.get(key);
    StridedLayout layout = layouts.get(key);
    if (view == null || layout == null) {
      throw Checkpoints.noTensor(this, key);
    }
    Storage storage = view.storage();
    if (!storage.dtype().floating()) {
      throw Checkpoints.notFloating(this, key);
    }
    float[] stored = archive.read(storage, layout.offset(), layout.span());
    return new Tensor.Floats(layout.shape(), layout.contiguous() ? stored : layout.gather(stored));
  }

  @Override
  public void close() {
    archive.close();
  }
}
