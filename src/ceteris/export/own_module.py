"""A user's own module as ONNX, by PyTorch's tracing exporter.

Tracing writes down what happened to one batch. Code that chooses its way by the data is written
down for that batch alone, so what was written is run on other images and compared.
"""

import io
import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ceteris.conduct import Trained
from ceteris.engine.inference import Network
from ceteris.errors import CeterisError
from ceteris.export.facts import Facts
from ceteris.export.onnx_graph import LOGITS, OPSET, PIXELS, PROBABILITIES, describe

_AT_MOST = 1e-3  # between two ways to compute the same float32 network, per unit of its outputs


class _Whole(nn.Module):
    """Pixels to logits and probabilities: scaling, the user's module, softmax."""

    offset: Tensor
    divisor: Tensor

    def __init__(self, module: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.module = module
        self.register_buffer("offset", torch.from_numpy(facts.offset))
        self.register_buffer("divisor", torch.from_numpy(facts.divisor))

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        scaled = (pixels.float() - self.offset) / self.divisor
        logits: Tensor = self.module(scaled.permute(0, 3, 1, 2))
        return logits, logits.softmax(1)


def traced_onnx_bytes(trained: Trained, facts: Facts) -> bytes:
    """The network as the content of an ONNX file; the user's code is executed.

    Raises:
        CeterisError: the exporter has no word for a part of it, or what it wrote gives other
            outputs than the module.
    """
    import onnx

    network = Network(
        trained.network,
        trained.train,
        facts.weights,
        ways=trained.ways,
        normalisation=trained.normalisation,
        input_shape=facts.input_shape,
        num_classes=len(facts.classes),
    )
    whole = _Whole(network.module, facts).eval()
    content = _traced(whole, facts)
    model = onnx.load_model_from_string(content)
    describe(model, facts)
    described: bytes = model.SerializeToString(deterministic=True)
    _compare(described, whole, facts)
    return described


def _traced(whole: nn.Module, facts: Facts) -> bytes:
    buffer = io.BytesIO()
    batch = {0: "batch"}
    try:
        with warnings.catch_warnings(), torch.no_grad():
            # The exporter warns that it will be replaced by one that needs a further package.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                whole,
                (_pixels(facts, 2),),
                buffer,  # type: ignore[arg-type]  # it takes a file; its signature says a path
                dynamo=False,
                opset_version=OPSET,
                input_names=[PIXELS],
                output_names=[LOGITS, PROBABILITIES],
                dynamic_axes={PIXELS: batch, LOGITS: batch, PROBABILITIES: batch},
            )
    except Exception as error:  # whatever the exporter or the user's own code raises
        raise CeterisError(
            "PyTorch's exporter cannot write this module as ONNX",
            received=f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
            if str(error).strip()
            else type(error).__name__,
            expected=f"a module of operators that ONNX has (opset {OPSET})",
            fix="use --to safetensors, and your own module where the network is used",
        ) from error
    return buffer.getvalue()


def _compare(content: bytes, whole: nn.Module, facts: Facts) -> None:
    """What was written against the module, on batches of other sizes than the traced one."""
    import onnxruntime

    session: Any = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    for count in (1, 5):
        pixels = _pixels(facts, count)
        with torch.no_grad():
            expected = whole(pixels)[0].numpy()
        found = session.run([LOGITS], {PIXELS: pixels.numpy()})[0]
        size = max(1.0, float(np.abs(expected).max()))
        apart = float(np.abs(found - expected).max()) if found.shape == expected.shape else np.inf
        if not apart <= _AT_MOST * size:
            raise CeterisError(
                "the ONNX file would give other outputs than the module",
                received=f"a difference of {apart:.2g} on {count} images of noise",
                expected=f"{_AT_MOST * size:.2g} or less",
                fix="take out of forward what depends on the values or the number of the images",
            )


def _pixels(facts: Facts, count: int) -> Tensor:
    generator = torch.Generator().manual_seed(count)
    shape = (count, *facts.input_shape)
    return torch.randint(0, facts.pixel_max + 1, shape, generator=generator, dtype=torch.uint8)
