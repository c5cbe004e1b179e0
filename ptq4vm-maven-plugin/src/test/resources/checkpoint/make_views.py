"""Writes views.pth and others with PyTorch: what the tests of the checkpoint reader compare against.

Run by hand when the file has to change; neither the build nor the tests run it.
"""

import argparse
import collections

import torch

base = torch.arange(24, dtype=torch.float32).reshape(4, 6)


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.base = torch.nn.Parameter(base)
        self.register_buffer("transposed", base.t()[2:5, 1:3])
        self.register_buffer("row", base[1])
        self.register_buffer("f16", torch.tensor([1.5, -2.0, 6e-8, 65504.0]).half())
        self.register_buffer("bf16", torch.tensor([1.5, -2.0, 3.0e38]).bfloat16())
        self.register_buffer("f64", torch.tensor([0.1, -1e-300], dtype=torch.float64))
        self.register_buffer("scalar", torch.tensor(7.0))
        self.register_buffer("empty", torch.empty(0, 3))
        self.register_buffer("count", torch.tensor([3, 4]))


small = Small()
state = small.state_dict()
parameters = collections.OrderedDict(small.named_parameters())
parallel = {"module.module." + key: value for key, value in state.items()}
other = torch.nn.Parameter(torch.ones(2, 2))
other.grad = torch.ones_like(other)
optimizer = torch.optim.AdamW([other])
optimizer.step()
args = argparse.Namespace(lr=0.1, name="views", sizes=[1, 2])
torch.save(
    {
        "model": state,
        "parameters": parameters,
        "parallel": parallel,
        "optimizer": optimizer.state_dict(),
        "args": args,
        "epoch": 3,
    },
    "views.pth",
)
torch.save({"model": {"w": torch.ones(3)}}, "protocol5.pth", pickle_protocol=5)
torch.save({"w": torch.ones(3)}, "legacy.pth", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(2, 2), "module.pth")
torch.serialization.set_crc32_options(False)
torch.save({"w": torch.ones(3)}, "unchecked.pth")
