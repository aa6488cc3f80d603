"""What torch trains is what the description computes. Needs torch, which only the recipe wants."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.samples import random_inputs, run_float
from tinysim.training.architectures import ARCHITECTURES
from tinysim.training.evaluate import accuracy, int8_outputs, nearest_centroid_accuracy
from tinysim.training.quantize import quantize

torch = pytest.importorskip("torch", reason="torch is not installed (pip install -e '.[training]')")

from tinysim.training.loop import Options, fit, predict  # noqa: E402
from tinysim.training.networks import TrainableNetwork  # noqa: E402


def shuffle_norms(network: TrainableNetwork) -> None:
    """Give batch norms what training would: other means, variances, gains and shifts."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for norm in network.norms:
            if not isinstance(norm, torch.nn.Identity):
                for values, low, high in (
                    (norm.running_mean, -1, 1), (norm.running_var, 0.2, 3),
                    (norm.weight, -0.5, 2), (norm.bias, -1, 1),
                ):  # fmt: skip
                    values.uniform_(low, high, generator=generator)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_folding_keeps_the_outputs(name: str) -> None:
    architecture = ARCHITECTURES[name]
    torch.manual_seed(1)
    network = TrainableNetwork(architecture)
    shuffle_norms(network)
    inputs = random_inputs(architecture, 5)
    outputs = predict(network, inputs)
    if name != "ad":
        outputs = torch.softmax(torch.from_numpy(outputs), 1).numpy()
    folded = run_float(network.fold(), inputs)
    assert np.allclose(folded, outputs, rtol=1e-3, atol=1e-4 * np.abs(outputs).max())


def lit_corners(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of noise with a brighter or darker spot in one of ten places, which the class is."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, count)
    pictures = random.uniform(80, 175, (count, 32, 32, 3))
    signs = random.choice([-75.0, 75.0], count)
    for picture, label, sign in zip(pictures, labels, signs, strict=True):
        row, column = divmod(int(label), 4)
        picture[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] += sign
    return np.clip(pictures, 0, 255).astype(np.float32), labels.astype(np.int64)


def test_a_network_learns_what_centroids_cannot_and_keeps_it_in_int8() -> None:
    training, test = lit_corners(1200, 1), lit_corners(200, 2)
    lines: list[str] = []
    torch.manual_seed(1)
    network = TrainableNetwork(ARCHITECTURES["ic"])
    options = Options(epochs=4, batch_size=32, learning_rate=4e-3)
    fit(network, *training, options, validation=test, report=lines.append)
    assert [line.split(":")[0] for line in lines] == [f"epoch {epoch}/4" for epoch in range(1, 5)]
    folded = network.fold()
    in_float = accuracy(run_float(folded, test[0]), test[1])
    in_int8 = accuracy(int8_outputs(quantize(folded, training[0][:100]), test[0]), test[1])
    assert in_float > 0.9
    assert in_int8 > in_float - 0.03
    assert nearest_centroid_accuracy(*training, *test) < 0.5


def test_the_same_seed_trains_the_same_network() -> None:
    inputs = random_inputs(ARCHITECTURES["ad"], 256)
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        network = TrainableNetwork(ARCHITECTURES["ad"])
        noisy = fit(
            network,
            inputs,
            None,
            Options(epochs=2, schedule="cosine"),
            augment=lambda batch, random: batch + random.normal(0, 1, batch.shape).astype(np.float32),
            report=lambda line: None,
        )
        results.append(predict(noisy, inputs[:4]))
    assert np.array_equal(*results)


def test_a_diverging_training_says_so() -> None:
    network = TrainableNetwork(ARCHITECTURES["ad"])
    inputs = random_inputs(ARCHITECTURES["ad"], 128)
    inputs[3, 3] = np.inf
    with pytest.raises(ValueError, match="the loss is not finite in epoch 1"):
        fit(network, inputs, None, Options(epochs=1), report=lambda line: None)
