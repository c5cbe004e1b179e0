package io.github.ptq4vm.compiler.checkpoint;

import io.github.ptq4vm.CorruptModelException;
import io.github.ptq4vm.artifact.SafetensorsHeader;
import io.github.ptq4vm.compiler.CompileException;
import io.github.ptq4vm.network.Tensor;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** A checkpoint in the safetensors format, which holds one state dict and no wrapper. */
final class SafetensorsCheckpoint implements Checkpoint {
  private static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8;

  private final Path file;
  private final Digest digest;
  private final SeekableByteChannel channel;
  private final SortedMap<String, SafetensorsHeader.Entry> entries;
  private final SortedMap<String, TensorInfo> tensors = new TreeMap<>();

  private SafetensorsCheckpoint(
      Path file, SeekableByteChannel channel, SortedMap<String, SafetensorsHeader.Entry> entries) {
    this.file = file;
    this.digest = new Digest(file);
    this.channel = channel;
    this.entries = entries;
    entries.forEach((key, entry) -> tensors.put(key, new TensorInfo(entry.dtype(), entry.shape())));
  }

  /** Opens a file that starts like safetensors. */
  static SafetensorsCheckpoint open(Path file, String weights) {
    if (!weights.equals(StateDict.DEFAULT)) {
      throw new CompileException(
          "The checkpoint "
              + file
              + " has no weights \""
              + weights
              + "\": a safetensors file holds one state dict. Leave weights at \""
              + StateDict.DEFAULT
              + "\".");
    }
    try {
      SeekableByteChannel channel = Files.newByteChannel(file);
      try {
        SafetensorsHeader header = SafetensorsHeader.read(channel, file.toString());
        if (header.entries().isEmpty()) {
          throw new CompileException("The checkpoint " + file + " holds no tensors.");
        }
        return new SafetensorsCheckpoint(file, channel, StateDict.withoutPrefix(header.entries()));
      } catch (CorruptModelException e) {
        channel.close();
        throw new CompileException(e.getMessage(), e);
      } catch (RuntimeException | IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw Checkpoints.unreadable(file, e);
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
    SafetensorsHeader.Entry entry = entries.get(key);
    if (entry == null) {
      throw Checkpoints.noTensor(this, key);
    }
    Dtype dtype =
        Dtype.ofName(entry.dtype())
            .filter(Dtype::floating)
            .orElseThrow(() -> Checkpoints.notFloating(this, key));
    long elements = entry.bytes() / dtype.bytes();
    if (elements > MOST_ELEMENTS) {
      throw new CompileException(
          "The tensor \""
              + key
              + "\" of the checkpoint "
              + file
              + " has "
              + elements
              + " elements, more than this version can hold in memory at once.");
    }
    try {
      channel.position(entry.begin());
      return new Tensor.Floats(
          entry.shape(), FloatStream.read(Channels.newInputStream(channel), dtype, (int) elements));
    } catch (IOException e) {
      throw Checkpoints.unreadable(file, e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw Checkpoints.unreadable(file, e);
    }
  }
}
