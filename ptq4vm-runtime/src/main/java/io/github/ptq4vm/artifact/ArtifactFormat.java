package io.github.ptq4vm.artifact;

/** Names and numbers of the file format. */
public final class ArtifactFormat {

  /** Version of the format; readers refuse any other. */
  public static final int VERSION = 1;

  /** Version of this runtime, compared by people only. */
  public static final String RUNTIME_VERSION = "0.1.0";

  /** Directory of all models, on a class path or in a jar. */
  public static final String MODELS = "META-INF/ptq4vm/models/";

  /** Lists the models of a class path root, one id a line. */
  public static final String MODELS_LIST = "META-INF/ptq4vm/models.list";

  /** The manifest and operation list. */
  public static final String MODEL = "model.json";

  /** Digest of {@link #MODEL}, in the form of the command sha256sum. */
  public static final String MODEL_DIGEST = "model.json.sha256";

  /** The parameters. */
  public static final String WEIGHTS = "weights.safetensors";

  /** One class label a line, in the order of the logits. */
  public static final String LABELS = "synset.txt";

  /** What happens to an image before the network. */
  public static final String PREPROCESSING = "preprocess.json";

  /** What the model is and how it was made, for people. */
  public static final String MODEL_CARD = "MODEL_CARD.md";

  /** Text of the model's licence. */
  public static final String LICENSE = "LICENSE.txt";

  /** Settings for DJL, which reads it itself. */
  public static final String SERVING = "serving.properties";

  private ArtifactFormat() {}
}
