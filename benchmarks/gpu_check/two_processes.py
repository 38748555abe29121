"""Two processes that share one device, or have one each: the same gradients and figures as one process.

Two processes on one GPU exchange tensors by gloo, since NCCL wants a GPU for each.
"""

import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, multiprocessing, nn
from torch.distributed import barrier, destroy_process_group, init_process_group
from torch.nn.parallel import DistributedDataParallel

from benchmarks.gpu_check.equality import Compared, relative_difference, without_tf32
from mwe.encoders import CNN1D
from mwe.joint import cosine_hinge
from mwe.metrics import TrackRetrieval

WORLD, BATCH, TRACKS, TAGS, DIM = 2, 16, 600, 40, 12
TOLERANCES = {"gradients": 1e-4, "figures": 1e-9}


def gradients(share: slice, device: torch.device, distributed: bool) -> Tensor:
    """Gradients of a mean hinge over a share of a batch, averaged over the processes; fixed batch statistics."""
    torch.manual_seed(0)
    cnn = CNN1D().eval().to(device)
    positive_BD, negative_B1D = torch.randn(BATCH, cnn.width), torch.randn(BATCH, 1, cnn.width)
    mel_BFM = torch.rand(BATCH, 130, 128)
    encoder: nn.Module = cnn
    if distributed:
        encoder = DistributedDataParallel(cnn, [device] if device.type == "cuda" else None)
    parts = (part[share].to(device) for part in (positive_BD, negative_B1D))
    loss = cosine_hinge(encoder(mel_BFM[share].to(device)), *parts, margin=0.4, hardest=1)
    torch.autograd.backward(loss.mean())
    return torch.cat([part.grad.flatten() for part in encoder.parameters() if part.grad is not None])


def figures(share: slice, device: torch.device) -> Tensor:
    """Figures of a catalogue of whole numbers, of which this process embeds a share."""
    generator = torch.Generator().manual_seed(0)
    row_ND = torch.randint(-3, 4, (TRACKS, DIM), generator=generator).float()
    tag_TD = torch.randint(-3, 4, (TAGS, DIM), generator=generator).float()
    label_NT = torch.rand(TRACKS, TAGS, generator=generator) < 0.1
    every_T = torch.ones(TAGS, dtype=torch.bool)
    retrieval = TrackRetrieval(label_NT, torch.arange(TAGS) >= 30, every_T, DIM, cosine=False).to(device)
    retrieval.update(torch.arange(TRACKS)[share].to(device), row_ND[share].to(device))
    retrieval.prototypes = tag_TD.to(device)
    computed = retrieval.compute()
    return torch.stack([computed[name].cpu().double() for name in sorted(computed)])


def half(rank: int, count: int) -> slice:
    """Return the share of a process."""
    return slice(rank * count // WORLD, (rank + 1) * count // WORLD)


def in_process(rank: int, port: int, name: str, backend: str, out: Path) -> None:
    """What each of the processes does; the first writes what was computed."""
    torch.set_num_threads(1)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    without_tf32()
    device = torch.device(name, rank % torch.cuda.device_count()) if name == "cuda" else torch.device(name)
    init_process_group(backend, rank=rank, world_size=WORLD)
    slopes = gradients(half(rank, BATCH), device, distributed=True)
    values = figures(half(rank, TRACKS), device)
    if rank == 0:
        np.savez(out, gradients=slopes.cpu().numpy(), figures=values.numpy())
    barrier()
    destroy_process_group()


def two_processes(name: str) -> dict[str, Any]:
    """Compare what two processes compute with what one does, on the same device.

    Args:
        name: The device.
    """
    without_tf32()
    device = torch.device(name)
    backend = "nccl" if name == "cuda" and torch.cuda.device_count() >= WORLD else "gloo"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "computed.npz"
        multiprocessing.spawn(in_process, (port, name, backend, out), nprocs=WORLD)
        together = {part: torch.from_numpy(value) for part, value in np.load(out).items()}
    whole = slice(None)
    alone = {"gradients": gradients(whole, device, distributed=False), "figures": figures(whole, device)}
    compared = [
        Compared(f"two processes: {part}", relative_difference(value, together[part]), TOLERANCES[part])
        for part, value in alone.items()
    ]
    return {"backend": backend, "compared": compared}
