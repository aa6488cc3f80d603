"""A plain training loop. Needs torch.

Floating-point training does not give the same bits on every machine, nor with another number of threads; on
one machine, the same seed does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from tinysim.training.float_network import Float32Array
from tinysim.training.networks import TrainableNetwork

Augment = Callable[[Float32Array, np.random.Generator], Float32Array]
"""Changes a batch of inputs [n, *input_shape] at random; it may write into the array it gets."""

Loss = Callable[[Any, Any], Any]
"""From outputs and targets of a batch (torch tensors) to the mean loss (a torch scalar)."""


@dataclass(frozen=True)
class Options:
    """How to train. `learning_rate` is the greatest; `weight_decay` is decoupled (AdamW)."""

    epochs: int
    batch_size: int = 64
    learning_rate: float = 3e-3
    schedule: Literal["one-cycle", "cosine"] = "one-cycle"
    weight_decay: float = 1e-4
    label_smoothing: float = 0.0
    seed: int = 1
    threads: int = 1


def fit(
    network: TrainableNetwork,
    inputs: Float32Array,
    targets: npt.NDArray[np.int64] | Float32Array | None,
    options: Options,
    *,
    augment: Augment | None = None,
    loss: Loss | None = None,
    validation: tuple[Float32Array, npt.NDArray[np.int64]] | None = None,
    report: Callable[[str], None] = print,
) -> TrainableNetwork:
    """Train `network` in place and return it, ready for inference; `report` gets a line an epoch.

    `inputs` [N, *input_shape] are real values. Integer `targets` [N] are classes, learned by cross entropy;
    real ones, or None for the (augmented) inputs themselves, by mean squared error; `loss` replaces either.
    `validation` adds the accuracy on other inputs and their classes to the line. Raises ValueError where the
    loss is not finite any more.
    """
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    random = np.random.default_rng(options.seed)
    has_classes = targets is not None and np.issubdtype(targets.dtype, np.integer)
    loss = loss or (_cross_entropy(options.label_smoothing) if has_classes else functional.mse_loss)
    optimizer = torch.optim.AdamW(_parameter_groups(network, options.weight_decay), lr=options.learning_rate)
    batches = max(len(inputs) // options.batch_size, 1)
    scheduler = _scheduler(optimizer, options, batches * options.epochs)
    for epoch in range(1, options.epochs + 1):
        started = time.perf_counter()
        network.train()
        total = 0.0
        order = random.permutation(len(inputs))
        for batch in range(batches):
            # The last, incomplete batch is left out: batch norm over a few inputs is noise. Every epoch
            # leaves out others.
            chosen = order[batch * options.batch_size : (batch + 1) * options.batch_size]
            values = np.array(inputs[chosen], dtype=np.float32)
            if augment is not None:
                values = augment(values, random)
            source = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
            target = source if targets is None else torch.from_numpy(targets[chosen])
            optimizer.zero_grad()
            value = loss(network(source), target)
            value.backward()
            optimizer.step()
            scheduler.step()
            total += float(value.detach())
        if not np.isfinite(total):
            raise ValueError(f"the loss is not finite in epoch {epoch}; lower the learning rate")
        line = f"epoch {epoch}/{options.epochs}: loss {total / batches:.4f}"
        if validation is not None:
            line += f", validation {100 * _accuracy(network, *validation):.2f} %"
        report(f"{line}, {time.perf_counter() - started:.1f} s")
    network.eval()
    return network


def predict(network: TrainableNetwork, inputs: Float32Array, batch_size: int = 256) -> Float32Array:
    """Return what the module gives in inference, [N, elements]: logits for a classifier."""
    network.eval()
    outputs = []
    with torch.no_grad():
        for start in range(0, len(inputs), batch_size):
            batch = np.ascontiguousarray(inputs[start : start + batch_size], dtype=np.float32)
            outputs.append(network(torch.from_numpy(batch)).numpy())
    return np.concatenate(outputs)


def _accuracy(network: TrainableNetwork, inputs: Float32Array, labels: npt.NDArray[np.int64]) -> float:
    return float(np.mean(predict(network, inputs).argmax(axis=1) == labels))


def _cross_entropy(label_smoothing: float) -> Loss:
    return lambda outputs, targets: functional.cross_entropy(
        outputs, targets, label_smoothing=label_smoothing
    )


def _parameter_groups(network: TrainableNetwork, weight_decay: float) -> list[dict[str, Any]]:
    """Keep the decay from biases and batch norms, which only shifts what they have to learn."""
    weights = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in network.parameters() if parameter.dim() <= 1]
    return [{"params": weights, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _scheduler(optimizer: Any, options: Options, steps: int) -> Any:
    if options.schedule == "one-cycle":
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, options.learning_rate, total_steps=steps)
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
