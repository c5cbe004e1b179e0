"""Selective scans on a processor for the PyTorch peer: compiled from scan.cpp, and token by token in Python.

Arguments are those of peer_scan.reference in ../gpu, which is the formula both are checked against.
"""

import ctypes
import glob
import os
import pathlib
import subprocess

import torch
import torch.nn.functional as F

LOG2E = 1.4426950408889634
FLAGS = ["-O3", "-march=native", "-mprefer-vector-width=512", "-fno-math-errno", "-fno-trapping-math",
         "-ffp-contract=fast", "-fopenmp", "-fPIC", "-std=c++17"]


def build(folder):
    """Compiles the scan into a folder. It uses the OpenMP that PyTorch brings: two pools would fight for the cores."""
    source = pathlib.Path(__file__).with_name("scan.cpp")
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    object_file, library = folder / "scan.o", folder / "scan.so"
    subprocess.run(["g++", *FLAGS, "-c", str(source), "-o", str(object_file)], check=True)
    root = os.path.dirname(torch.__file__)
    bundled = glob.glob(root + "/lib/libgomp*") + glob.glob(root + "/../torch.libs/libgomp*")
    if bundled:
        # Not linked by name: the symbols are those of the library that is loaded already.
        ctypes.CDLL(bundled[0], ctypes.RTLD_GLOBAL)
    subprocess.run(["g++", "-shared", str(object_file), "-o", str(library)] + ([] if bundled else ["-lgomp"]),
                   check=True)
    function = ctypes.CDLL(str(library)).selective_scan
    function.restype = ctypes.c_int
    return function


class CompiledScan:
    """The scan of scan.cpp."""

    def __init__(self, folder):
        self.function = build(folder)
        self.decays = {}

    def __call__(self, u, dt, bc, a_log, skip, bias, order, gate=None):
        # Once a block: the tensor is kept, so that its place in memory stays its own.
        key = a_log.data_ptr()
        if key not in self.decays:
            self.decays[key] = ((-torch.exp(a_log.double()) * LOG2E).float().contiguous(), a_log)
        decay = self.decays[key][0]
        directions, batch, tokens, channels = dt.shape
        states = a_log.shape[-1]
        y = torch.empty(directions, batch, tokens, channels)
        for tensor in (u, dt, bc) + (() if gate is None else (gate,)):
            if tensor.stride(-1) != 1 or tensor.dtype != torch.float32:
                raise ValueError("The scan's inputs must be float32 with a contiguous last axis.")
        pointers = [u, dt, bc, decay, skip.contiguous(), bias.contiguous(), gate, order, y]
        data = (ctypes.c_void_p * 9)(*(None if tensor is None else tensor.data_ptr() for tensor in pointers))
        sizes = (directions, batch, tokens, channels, states, bc.shape[-1] - 2 * states, *u.stride()[:3],
                 *dt.stride()[:3], *bc.stride()[:3], *((0, 0) if gate is None else gate.stride()[:2]))
        if self.function(data, (ctypes.c_int64 * len(sizes))(*sizes)):
            raise ValueError(f"scan.cpp has no code for {states} states.")
        return y


def step_by_step(u, dt, bc, a_log, skip, bias, order, gate=None):
    """Decays and inputs of all tokens at once, then a Python loop over tokens, as in published reference code."""
    states = a_log.shape[-1]
    a = -torch.exp(a_log.float())
    results = []
    for k in range(len(dt)):
        steps = order[k].long()
        x = u[k].index_select(1, steps)
        delta = F.softplus(dt[k].index_select(1, steps) + bias[k])
        b, c = bc[k].index_select(1, steps)[..., -2 * states:].chunk(2, -1)
        decay = torch.exp(delta[..., None] * a[k])
        inflow = (delta * x)[..., None] * b[:, :, None]
        h = torch.zeros_like(decay[:, 0])
        outputs = []
        for t in range(decay.shape[1]):
            h = decay[:, t] * h + inflow[:, t]
            outputs.append(torch.matmul(h, c[:, t, :, None]).squeeze(-1))
        y = torch.stack(outputs, 1) + x * skip[k]
        back = torch.empty_like(steps)
        back[steps] = torch.arange(len(steps))
        y = y.index_select(1, back)
        results.append(y if gate is None else y * F.silu(gate))
    return torch.stack(results)
