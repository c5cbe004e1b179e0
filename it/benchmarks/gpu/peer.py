#!/usr/bin/env python3
"""The peer that the GPU runtime is measured against: Vim and VMamba in half precision in PyTorch.

    peer.py --check [--fixtures DIR]     logits in float32 against golden ones; on a GPU the scan against its reference
    peer.py > results.jsonl              latency, eager and as a CUDA graph, a JSON object a line

Needs PyTorch (2.4 or newer), on a GPU with Triton. The check also runs on a CPU.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import sys
import time

import torch

from peer_models import MODELS, VMamba, Vim, convert, fill, image
from peer_scan import reference, scan

# First logits, sum and Euclidean norm of the authors' own modules for filler weights and image, 224 pixels.
GOLDEN = {
    "vim_tiny": ([-0.403552, -0.347227, -0.694113, -0.254997, 0.807836], -1.10879, 18.458261),
    "vmamba_t_s1l8": ([0.120808, 0.104309, 0.135808, -0.050272, 0.472149], 22.54898, 9.958482),
}
TOLERANCE = 2e-5
HALF_TOLERANCE = 2e-2


def relative(actual, expected):
    return float((actual - expected).norm() / expected.norm())


class Check:
    """Prints each comparison; remembers whether one failed."""

    def __init__(self):
        self.failed = False

    def __call__(self, what, error, bound):
        good = error <= bound
        self.failed |= not good
        print(f"{'ok  ' if good else 'FAIL'} {what}: {error:.2e}, at most {bound:.0e}")


def check_golden(check, device):
    for name, (first, total, norm) in GOLDEN.items():
        model = convert(fill(MODELS[name]()), device, torch.float32)
        logits = model(image(1).to(device))[0].double().cpu()
        expected = torch.tensor(first).double()
        check(f"{name}, first logits", float((logits[:5] - expected).abs().max()), TOLERANCE)
        check(f"{name}, norm of logits", abs(float(logits.norm()) / norm - 1), TOLERANCE)
        check(f"{name}, sum of logits", abs(float(logits.sum()) - total) / norm, TOLERANCE)
        if device != "cpu":
            half = convert(fill(MODELS[name]()), device, torch.float16)
            check(f"{name}, half precision", relative(half(image(1).to(device).half())[0].double().cpu(), logits),
                  HALF_TOLERANCE)


def check_fixtures(check, folder, device):
    torch.serialization.add_safe_globals([argparse.Namespace])
    for name, golden, make in (
            ("mini_vim", "golden_vim.json", lambda: Vim(32, 3, patch=8, image=32, classes=10)),
            ("mini_vmamba_s1", "golden_vmamba.json", lambda: VMamba(16, (1, 1, 2, 1), 1, classes=10))):
        expected = json.loads((folder / golden).read_text())[name]
        batch, _, height, width = expected["input_shape"]
        checkpoint = torch.load(folder / (name + ".pth"), map_location="cpu", weights_only=True)
        model = make()
        model.load_state_dict(checkpoint["model"], strict=True)
        logits = convert(model, device, torch.float32)(image(batch, height, width).to(device)).cpu()
        values = torch.tensor(expected["outputs"][0]["values"]).view(batch, -1)
        check(f"{name}, all logits of {batch} images", float((logits - values).abs().max()), TOLERANCE)


def check_scan(check, device):
    """The kernel against the formula, for shapes that fill no block."""
    torch.manual_seed(1)
    for states, directions, batch, tokens, channels, gated in ((16, 2, 2, 37, 50, True), (1, 4, 3, 29, 96, False)):
        make = lambda *shape: torch.randn(*shape, device=device)
        order = torch.stack([torch.randperm(tokens, dtype=torch.int32) for _ in range(directions)]).to(device)
        arguments = (make(directions, batch, tokens, channels), make(directions, batch, tokens, channels) - 2,
                     make(directions, batch, tokens, 5 + 2 * states), 0.3 * make(directions, channels, states),
                     make(directions, channels), make(directions, channels), order,
                     make(batch, tokens, channels) if gated else None)
        check(f"scan of {states} states", relative(scan(*arguments), reference(*arguments)), TOLERANCE)


def times(run, seconds, least=20):
    """Milliseconds of runs, each between two events, one after the other."""
    for _ in range(5):
        run()
    torch.cuda.synchronize()
    result = []
    end = time.perf_counter() + seconds
    while len(result) < least or time.perf_counter() < end:
        marks = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        marks[0].record()
        run()
        marks[1].record()
        torch.cuda.synchronize()
        result.append(marks[0].elapsed_time(marks[1]))
    return result


def capture(run):
    """A CUDA graph of a run, after runs on a side stream that let libraries and Triton settle."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def measure(names, batches, seconds):
    torch.backends.cudnn.benchmark = True
    about = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__,
             "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"), "dtype": "float16"}
    for name in names:
        model = convert(fill(MODELS[name]()), "cuda", torch.float16)
        for batch in batches:
            images = image(1).half().cuda().repeat(batch, 1, 1, 1)
            run = lambda: model(images)
            logits = run()
            if not torch.isfinite(logits).all():
                raise ArithmeticError(f"{name} gave logits that are not finite.")
            for mode in ("eager", "graph"):
                taken = times(run if mode == "eager" else capture(run), seconds)
                median = statistics.median(taken)
                print(json.dumps({"peer": "pytorch", "model": name, "batch": batch, "mode": mode,
                                  "ms_median": round(median, 4), "ms_fastest": round(min(taken), 4),
                                  "images_per_s": round(1e3 * batch / median, 1), "runs": len(taken), **about}),
                      flush=True)
            torch.cuda.empty_cache()
        del model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--fixtures", type=pathlib.Path, help="folder of mini checkpoints and golden logits")
    parser.add_argument("--models", default=",".join(MODELS), help="names, comma separated (default: all)")
    parser.add_argument("--batch", default="1,8,32,128,256", help="batch sizes (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of measuring a row (default: %(default)s)")
    options = parser.parse_args()
    # Products of float32 matrices in full precision: only the check has any.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    with torch.no_grad():
        if options.check:
            check = Check()
            if options.device == "cuda":
                check_scan(check, options.device)
            if options.fixtures is not None:
                check_fixtures(check, options.fixtures, options.device)
            check_golden(check, options.device)
            return 1 if check.failed else 0
        if options.device != "cuda":
            parser.error("Latency is measured on a GPU; --device cpu is for --check.")
        measure(options.models.split(","), [int(batch) for batch in options.batch.split(",")], options.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
