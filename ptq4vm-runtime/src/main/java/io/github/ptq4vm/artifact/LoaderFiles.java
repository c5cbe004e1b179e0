package io.github.ptq4vm.artifact;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import org.jspecify.annotations.Nullable;

/** Files that a class loader finds. */
record LoaderFiles(ClassLoader loader) implements ModelFiles {

  @Override
  public @Nullable InputStream open(String name) throws IOException {
    URL url = loader.getResource(name);
    return url == null ? null : open(url);
  }

  /** Opens a resource without leaving its jar open in a cache behind our back. */
  static InputStream open(URL url) throws IOException {
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false);
    return connection.getInputStream();
  }

  @Override
  public String describe(String name) {
    URL url = loader.getResource(name);
    return "\"" + (url == null ? "classpath:" + name : url) + "\"";
  }
}
