#!/usr/bin/env python3
"""The peers that the CPU executor is measured against: Vim and VMamba in float32, in PyTorch and ONNX Runtime.

Reads a JSON object a line and answers each with one, so that whoever asks can measure in turns:

    {"do": "open", "peer": "compiled|stepwise|onnxruntime", "model": "vim_tiny", "side": 224, "batch": 1, "threads": 2}
    {"do": "run", "runs": 1}     wall and processor time of each run in nanoseconds
    {"do": "logits"}             logits of the filler image
    {"do": "learn", ...}         see jlss.py

The models are those of ../gpu/peer_models.py with the same filler weights as the benchmark's own.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "gpu"))

try:
    import torch
except ImportError as problem:
    print(json.dumps({"refused": f"PyTorch is missing: {problem}."}), flush=True)
    sys.exit(0)

import peer_models
import cpu_scan
from peer_models import Vim, VMamba, convert, fill, image

MAKERS = {
    "vim_tiny": lambda side: Vim(192, image=side),
    "vim_small": lambda side: Vim(384, image=side),
    "vim_base": lambda side: Vim(768, image=side),
    "vmamba_t_s1l8": lambda side: VMamba(96, (2, 2, 8, 2), 1),
    "vmamba_s_s2l15": lambda side: VMamba(96, (2, 2, 15, 2), 2),
    "vmamba_b_s2l15": lambda side: VMamba(128, (2, 2, 15, 2), 2),
}


class Peer:
    """What is open at a time."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.scan = None
        self.call = None
        self.images = None
        self.floats = {}

    def model(self, name, side):
        if name not in MAKERS:
            raise ValueError(f"There is no peer of {name}.")
        key = (name, side)
        if key not in self.floats:
            self.floats = {key: convert(fill(MAKERS[name](side)), "cpu", torch.float32)}
        return self.floats[key]

    def open(self, peer, model, side, batch, threads):
        torch.set_num_threads(threads)
        module = self.model(model, side)
        self.images = image(1, side, side).repeat(batch, 1, 1, 1)
        about = {"version": "PyTorch " + torch.__version__}
        if peer == "compiled":
            if self.scan is None:
                self.scan = cpu_scan.CompiledScan(self.folder)
            peer_models.scan = self.scan
            self.call = lambda: module(self.images)
        elif peer == "stepwise":
            peer_models.scan = cpu_scan.step_by_step
            self.call = lambda: module(self.images)
        elif peer == "onnxruntime":
            import onnx_peer
            self.call, about = onnx_peer.session(module, self.images, threads, self.folder / f"{model}-{side}.onnx")
        else:
            raise ValueError(f"There is no peer {peer}.")
        return about

    def run(self, runs=1):
        wall, processor = [], []
        for _ in range(runs):
            start, used = time.perf_counter_ns(), time.process_time_ns()
            self.call()
            wall.append(time.perf_counter_ns() - start)
            processor.append(time.process_time_ns() - used)
        return {"wall": wall, "processor": processor}

    def logits(self):
        return {"logits": self.call()[0].tolist()}

    def learn(self, **options):
        import jlss
        if self.scan is None:
            self.scan = cpu_scan.CompiledScan(self.folder)
        return jlss.measure(self.scan, **options)


def main():
    # Answers go where nothing else prints.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        peer = Peer(folder)
        actions = {"open": peer.open, "run": peer.run, "logits": peer.logits, "learn": peer.learn}
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = actions[request.pop("do")](**request)
            except Exception as problem:
                answer = {"refused": f"{type(problem).__name__}: {problem}"}
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
