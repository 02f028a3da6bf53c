"""NumPy in the form of Saito's book: layers as classes, parameters in a dictionary, float64.

Works A and B. The loss of a step is the one its gradient needs anyway, so no forward pass is made
twice. All cores through BLAS.
"""

from collections import OrderedDict
from itertools import pairwise

import numpy as np

from benchmarks.machine import usable_cores
from benchmarks.peers.job import EVALUATED_AT_ONCE, answer, read_job

SIZES = (100, 100, 100, 100)


class Affine:
    """``x W + b``."""

    def __init__(self, W, b):
        self.W, self.b = W, b
        self.x = self.dW = self.db = None

    def forward(self, x):
        """Remember the input."""
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        """Gradients of W and b are kept, that of the input is returned."""
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return np.dot(dout, self.W.T)


class Relu:
    """``max(x, 0)``."""

    def __init__(self):
        self.mask = None

    def forward(self, x):
        """Remember what was cut."""
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        """Nothing flows through what was cut."""
        dout[self.mask] = 0
        return dout


class SoftmaxWithLoss:
    """Softmax and cross-entropy on labels."""

    def __init__(self):
        self.y = self.t = None

    def forward(self, x, t):
        """Mean cross-entropy of a batch."""
        shifted = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = shifted / shifted.sum(axis=1, keepdims=True)
        self.t = t
        return -np.mean(np.log(self.y[np.arange(len(t)), t] + 1e-7))

    def backward(self):
        """``(y - t) / N``."""
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx / len(self.t)


class MultiLayerNet:
    """Dense layers with relu between them, He's initial weights."""

    def __init__(self, input_size, rng):
        sizes = (input_size, *SIZES, 10)
        self.params = {}
        self.layers = OrderedDict()
        for i, (rows, columns) in enumerate(pairwise(sizes), 1):
            self.params[f"W{i}"] = np.sqrt(2.0 / rows) * rng.standard_normal((rows, columns))
            self.params[f"b{i}"] = np.zeros(columns)
            self.layers[f"Affine{i}"] = Affine(self.params[f"W{i}"], self.params[f"b{i}"])
            if i < len(sizes) - 1:
                self.layers[f"Relu{i}"] = Relu()
        self.last = SoftmaxWithLoss()

    def predict(self, x):
        """Scores (N, 10)."""
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def gradient(self, x, t):
        """The loss of a batch, and its gradient by parameter."""
        loss = self.last.forward(self.predict(x), t)
        dout = self.last.backward()
        for layer in reversed(self.layers.values()):
            dout = layer.backward(dout)
        grads = {}
        for name, layer in self.layers.items():
            if isinstance(layer, Affine):
                grads[name.replace("Affine", "W")] = layer.dW
                grads[name.replace("Affine", "b")] = layer.db
        return loss, grads

    def accuracy(self, x, t):
        """Share of right answers."""
        right = 0
        for i in range(0, len(x), EVALUATED_AT_ONCE):
            scores = self.predict(x[i : i + EVALUATED_AT_ONCE])
            right += np.sum(scores.argmax(axis=1) == t[i : i + EVALUATED_AT_ONCE])
        return float(right / len(x))


class SGD:
    """``W -= lr dW``."""

    def __init__(self, lr=0.01):
        self.lr = lr

    def update(self, params, grads):
        """One step."""
        for key in params:
            params[key] -= self.lr * grads[key]


class Momentum:
    """A velocity that keeps 0.9 of itself."""

    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum, self.v = lr, momentum, None

    def update(self, params, grads):
        """One step."""
        if self.v is None:
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        for key in params:
            self.v[key] = self.momentum * self.v[key] - self.lr * grads[key]
            params[key] += self.v[key]


class AdaGrad:
    """Steps divided by the root of all squares so far."""

    def __init__(self, lr=0.01):
        self.lr, self.h = lr, None

    def update(self, params, grads):
        """One step."""
        if self.h is None:
            self.h = {key: np.zeros_like(value) for key, value in params.items()}
        for key in params:
            self.h[key] += grads[key] * grads[key]
            params[key] -= self.lr * grads[key] / (np.sqrt(self.h[key]) + 1e-7)


class Adam:
    """Running means of gradient and square, unbiased through the rate."""

    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999):
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.iter, self.m, self.v = 0, None, None

    def update(self, params, grads):
        """One step."""
        if self.m is None:
            self.m = {key: np.zeros_like(value) for key, value in params.items()}
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        self.iter += 1
        rate = self.lr * np.sqrt(1.0 - self.beta2**self.iter) / (1.0 - self.beta1**self.iter)
        for key in params:
            self.m[key] += (1 - self.beta1) * (grads[key] - self.m[key])
            self.v[key] += (1 - self.beta2) * (grads[key] ** 2 - self.v[key])
            params[key] -= rate * self.m[key] / (np.sqrt(self.v[key]) + 1e-7)


OPTIMIZERS = {"sgd": SGD, "momentum": Momentum, "adagrad": AdaGrad, "adam": Adam}


def main():
    """Train every arm with every seed."""
    job = read_job(("A", "B"))
    work, parts = job.work, job.parts
    scale = np.float32(16 if work.data == "digits" else 255)
    x_train = parts.train_images.reshape(len(parts.train_images), -1).astype(np.float32) / scale
    x_test = parts.test_images.reshape(len(parts.test_images), -1).astype(np.float32) / scale
    t_train, t_test = np.array(parts.train_labels), np.array(parts.test_labels)
    accuracies = {}
    for arm in work.arms:
        for seed in range(work.seeds):
            rng = np.random.default_rng(seed)
            network = MultiLayerNet(x_train.shape[1], rng)
            optimizer = OPTIMIZERS[arm]()
            losses = []
            for _ in range(work.steps):
                mask = rng.choice(len(x_train), work.batch_size)
                loss, grads = network.gradient(x_train[mask], t_train[mask])
                optimizer.update(network.params, grads)
                losses.append(loss)
            accuracies.setdefault(arm, []).append(network.accuracy(x_test, t_test))
    answer(
        job,
        accuracies,
        peer="numpy",
        numbers="float64",
        threads=usable_cores(),  # OpenBLAS's default
        packages=["numpy"],
    )


if __name__ == "__main__":
    main()
