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
    return ctypes.CDLL(str(library))


class CompiledScan:
    """The scan of scan.cpp; with gradients where there is no gate."""

    def __init__(self, folder):
        self.library = build(folder)
        self.decays = {}

    def decay(self, a_log):
        # Once a block: the tensor is kept, so that its place in memory stays its own.
        key = a_log.data_ptr()
        if key not in self.decays:
            self.decays[key] = ((-torch.exp(a_log.double()) * LOG2E).float().contiguous(), a_log)
        return self.decays[key][0]

    def call(self, function, u, dt, bc, a_log, skip, bias, order, gate, more):
        for tensor in (u, dt, bc) + (() if gate is None else (gate,)):
            if tensor.stride(-1) != 1 or tensor.dtype != torch.float32:
                raise ValueError("The scan's inputs must be float32 with a contiguous last axis.")
        states = a_log.shape[-1]
        tensors = [u, dt, bc, self.decay(a_log), skip.contiguous(), bias.contiguous(), gate, order, *more]
        data = (ctypes.c_void_p * len(tensors))(*(None if tensor is None else tensor.data_ptr() for tensor in tensors))
        sizes = (*dt.shape, states, bc.shape[-1] - 2 * states, *u.stride()[:3], *dt.stride()[:3], *bc.stride()[:3],
                 *((0, 0) if gate is None else gate.stride()[:2]))
        if function(data, (ctypes.c_int64 * len(sizes))(*sizes)):
            raise ValueError(f"scan.cpp has no code for {states} states.")

    def __call__(self, u, dt, bc, a_log, skip, bias, order, gate=None):
        y = torch.empty(dt.shape)
        self.call(self.library.selective_scan, u, dt, bc, a_log, skip, bias, order, gate, [y])
        return y

    def backward(self, gy, u, dt, bc, a_log, skip, bias, order):
        gu, gdt = torch.empty(dt.shape), torch.empty(dt.shape)
        gbc = torch.zeros(*dt.shape[:3], 2 * a_log.shape[-1])
        self.call(self.library.selective_scan_backward, u, dt, bc, a_log, skip, bias, order, None,
                  [gy.contiguous(), gu, gdt, gbc])
        return gu, gdt, gbc


class LearnedThrough(torch.autograd.Function):
    """A compiled scan that gradients of u, dt, and b and c pass."""

    @staticmethod
    def forward(context, scan, u, dt, bc, a_log, skip, bias, order):
        context.scan = scan
        context.save_for_backward(u, dt, bc, a_log, skip, bias, order)
        return scan(u, dt, bc, a_log, skip, bias, order)

    @staticmethod
    def backward(context, gy):
        return None, *context.scan.backward(gy, *context.saved_tensors), None, None, None, None


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
        for factor, summand, readout in zip(decay.unbind(1), inflow.unbind(1), c.unbind(1)):
            h = factor * h + summand
            outputs.append(torch.matmul(h, readout[..., None]).squeeze(-1))
        y = torch.stack(outputs, 1) + x * skip[k]
        back = torch.empty_like(steps)
        back[steps] = torch.arange(len(steps))
        y = y.index_select(1, back)
        results.append(y if gate is None else y * F.silu(gate))
    return torch.stack(results)
