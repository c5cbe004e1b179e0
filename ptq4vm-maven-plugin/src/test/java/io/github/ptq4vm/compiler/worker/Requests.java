package io.github.ptq4vm.compiler.worker;

import io.github.ptq4vm.compiler.CompileRequest;
import io.github.ptq4vm.compiler.CompileRequest.Calibration;
import io.github.ptq4vm.compiler.CompileRequest.Identity;
import io.github.ptq4vm.compiler.CompileRequest.Selection;
import io.github.ptq4vm.compiler.CompileRequest.Variant;
import io.github.ptq4vm.compiler.CompileResult;
import io.github.ptq4vm.compiler.CompileResult.VariantResult;
import io.github.ptq4vm.compiler.ImageSize;
import io.github.ptq4vm.compiler.ImportOptions;
import io.github.ptq4vm.compiler.Recipe;
import io.github.ptq4vm.image.Preprocessing;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A request and a result with awkward values. */
final class Requests {
  private Requests() {}

  /** A request whose architecture tells the test worker what to do. */
  static CompileRequest request(String behaviour) {
    return new CompileRequest(
        Path.of("/models/vim \"tiny\" é.pth"),
        "model",
        new ImportOptions(behaviour, new ImageSize(64, 96), null, "h,v,w2,w7;v", true),
        Preprocessing.forImageSize(64),
        new Calibration(Path.of("calibration"), 8, Selection.NAME),
        null,
        Path.of("synset.txt"),
        List.of(new Variant("w8a8", 8, 8), new Variant("w4a4", 4, 4)),
        Recipe.defaults(),
        new Identity("g", "a", "1", "Apache-2.0", "two\nlines", "0", Map.of("k", "v")),
        2,
        Path.of("out"),
        0);
  }

  static CompileResult result(String architecture) {
    return new CompileResult(
        architecture,
        8,
        null,
        List.of(
            new VariantResult(
                "w8a8",
                Path.of("out", "w8a8.jar"),
                5_000_000_000L,
                "00ff",
                0.75,
                new TreeMap<>(Map.of("kl", Double.NaN, "sqnr_db", 30.5)))),
        new TreeMap<>(Map.of("pack", 1.5)));
  }
}
