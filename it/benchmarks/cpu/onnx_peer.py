"""The float32 peer in ONNX Runtime: the PyTorch model exported with its scans as ONNX Scan operators.

ONNX has no selective scan. What it has is Scan, a loop over a subgraph: here one of all directions of a block at
once, which needs the fewest and largest steps.
"""

import collections

import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch._higher_order_ops.scan import scan as loop

import peer_models

LONGEST_LISTED = 6


def exported_scan(u, dt, bc, a_log, skip, bias, order, gate=None):
    """The scan of peer_scan.reference, written with the loop that the exporter knows."""
    states = a_log.shape[-1]
    a = -torch.exp(a_log)

    def visit(values):
        ordered = [value.index_select(1, order[k].long()) for k, value in enumerate(values)]
        return torch.stack(ordered).permute(2, 0, 1, 3)

    x = visit(u)
    delta = F.softplus(visit(dt) + bias[:, None])
    b, c = visit(bc[..., -2 * states:]).chunk(2, -1)

    def step(h, inputs):
        delta, inflow, b, c = inputs
        h = torch.exp(delta[..., None] * a[:, None]) * h + inflow[..., None] * b[:, :, None]
        return h, (h * c[:, :, None]).sum(-1)

    start = torch.zeros(*dt.shape[:2], dt.shape[-1], states)
    _, y = loop(step, start, (delta, delta * x, b, c))
    y = (y + x * skip[:, None]).permute(1, 2, 0, 3)
    # Each order is its own inverse: backwards, and rows for columns of a square.
    y = torch.stack([value.index_select(1, order[k].long()) for k, value in enumerate(y)])
    return y if gate is None else y * F.silu(gate)


class Exported(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        return self.model(images)


def session(model, images, threads, path):
    """A call of a session on the exported model, and what is in it."""
    if not path.exists():
        peer_models.scan = exported_scan
        # Constants that a model keeps are made by its first run.
        two = images[:1].repeat(2, 1, 1, 1)
        model(two)
        program = torch.onnx.export(Exported(model).eval(), (two,), dynamo=True, verbose=False,
                                    dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},))
        program.save(str(path))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads leave the processor to whoever is measured in the next turn.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    inference = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = inference.get_inputs()[0].name
    feed = {name: images.numpy()}
    kinds = collections.Counter(node.op_type for node in onnx.load(str(path), load_external_data=False).graph.node)
    about = {
        "version": "ONNX Runtime " + onnxruntime.__version__,
        "nodes": sum(kinds.values()),
        "kinds": ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(LONGEST_LISTED)),
        "scans": kinds["Scan"],
    }
    return (lambda: torch.from_numpy(inference.run(None, feed)[0])), about
