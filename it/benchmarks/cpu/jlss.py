"""A learning step of docs/method.md in PyTorch: the first block of a Vim under fake quantization.

Smoothing factors, weight steps and input steps of all six linears learn through their logarithms, by autograd with
straight-through rounding, to bring the block's output back to the float block's. What ../../ptq4vm-maven-plugin
does with its own kernels, in what someone would write in PyTorch first.
"""

import math
import time

import torch
import torch.nn.functional as F

import cpu_scan
from peer_models import EPS, Vim, convert, fill, image

RATE = 0.1
SMALLEST = 1e-8


class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x.round()

    @staticmethod
    def backward(context, g):
        return g


class Linear:
    """A linear under fake quantization, its factors and steps found in closed form from inputs it has seen."""

    def __init__(self, weight, bias, seen, bits, input_bits):
        self.weight, self.bias = weight, bias
        self.top, self.peak = 2**input_bits - 1, 2 ** (bits - 1) - 1
        largest = seen.abs().amax((0, 1)).clamp(min=1e-3)
        self.smoothing0 = (largest / weight.abs().amax(0).clamp(min=1e-5)).sqrt().clamp(min=1e-5)
        low = (seen / self.smoothing0).amin((0, 2)).clamp(max=0)
        high = (seen / self.smoothing0).amax((0, 2)).clamp(min=0)
        self.step0 = ((high - low) / self.top).clamp(min=SMALLEST)[:, None]
        self.zero = (-low[:, None] / self.step0).round().clamp(0, self.top)
        self.weight_step0 = ((weight * self.smoothing0).abs().amax(1, keepdim=True) / self.peak).clamp(min=SMALLEST)
        self.offsets = [torch.zeros_like(p, requires_grad=True)
                        for p in (self.smoothing0, self.step0, self.weight_step0)]

    def __call__(self, x):
        codes = 2 * self.peak + 1
        smoothing = self.smoothing0 * torch.exp(self.offsets[0] / max(self.top, codes))
        step = self.step0 * torch.exp(self.offsets[1] / self.top)
        weight_step = self.weight_step0 * torch.exp(self.offsets[2] / codes)
        q = torch.clamp(Rounded.apply(x / smoothing / step) + self.zero, 0, self.top)
        k = torch.clamp(Rounded.apply(self.weight * smoothing / weight_step), -self.peak, self.peak)
        return F.linear((q - self.zero) * step, k * weight_step, self.bias)


class Block:
    """The first block. Which way its linears go is up to the caller: as they are, seen, or quantized."""

    def __init__(self, model, scan):
        self.layer, self.prepared, self.model, self.scan = model.layers[0], model.blocks[0], model, scan
        m = self.layer["mixer"]
        self.weights = {"in": (m.in_proj.weight, None), "out": (m.out_proj.weight, None)}
        for k, suffix in enumerate(("", "_b")):
            self.weights[f"x{k}"] = (m.get_submodule("x_proj" + suffix).weight, None)
            self.weights[f"dt{k}"] = (m.get_submodule("dt_proj" + suffix).weight, None)

    def __call__(self, stream, linear):
        m, w = self.layer["mixer"], self.prepared
        rank = self.model.rank
        x, z = linear("in", F.rms_norm(stream, stream.shape[-1:], self.layer["norm"].weight, EPS)).chunk(2, -1)
        x = x.transpose(1, 2)
        channels = x.shape[1]
        us, dts, bcs = [], [], []
        for k, (pad, bias) in enumerate((((3, 0), m.conv1d.bias), ((0, 3), m.conv1d_b.bias))):
            u = F.silu(F.conv1d(F.pad(x, pad), w["conv"][k], bias, groups=channels)).transpose(1, 2)
            low = linear(f"x{k}", u)
            us.append(u)
            dts.append(linear(f"dt{k}", low[..., :rank]))
            bcs.append(low[..., rank:])
        arguments = torch.stack(us), torch.stack(dts), torch.stack(bcs), w["a"], w["skip"], w["bias"], self.model.order
        if self.scan is None:
            y = cpu_scan.step_by_step(*arguments)
        else:
            y = cpu_scan.LearnedThrough.apply(self.scan, *arguments)
        return stream + linear("out", (y[0] + y[1]) * 0.5 * F.silu(z))


def measure(compiled, model, variant, batch, threads, steps, scan):
    """Nanoseconds of each step."""
    if model != "vim_tiny":
        raise ValueError(f"There is no learning peer of {model}, only of vim_tiny.")
    torch.set_num_threads(threads)
    bits, input_bits = (int(part) for part in variant[1:].split("a"))
    vim = convert(fill(Vim(192)), "cpu", torch.float32)
    block = Block(vim, compiled if scan == "compiled" else None)
    patches = vim.patch_embed["proj"]
    x = F.conv2d(image(batch), patches.weight, patches.bias, stride=vim.patch).flatten(2).transpose(1, 2)
    middle = x.shape[1] // 2
    stream = torch.cat([x[:, :middle], vim.cls_token.expand(batch, -1, -1), x[:, middle:]], 1) + vim.pos_embed
    seen = {}

    def see(name, value):
        seen[name] = value
        return F.linear(value, *block.weights[name])

    target = block(stream, see)
    linears = {name: Linear(*block.weights[name], seen[name], bits, input_bits) for name in block.weights}
    del seen
    parameters = [offset for linear in linears.values() for offset in linear.offsets]
    optimizer = torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.99), eps=1e-12)
    wall, losses = [], []
    with torch.enable_grad():
        for step in range(steps):
            start = time.perf_counter_ns()
            for group in optimizer.param_groups:
                group["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
            optimizer.zero_grad()
            output = block(stream, lambda name, value: linears[name](value))
            loss = (1 - F.cosine_similarity(target, output, dim=-1)).mean()
            loss.backward()
            optimizer.step()
            wall.append(time.perf_counter_ns() - start)
            losses.append(float(loss.detach()))
    return {"wall": wall, "losses": losses}
