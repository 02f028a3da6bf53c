"""JAX in one process: a whole run is one compiled scan over its steps. Work A.

Compiled once for each optimizer and used for all seeds. Optax's AdaGrad adds its epsilon inside
the root; the arithmetic is otherwise the other peers'.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.machine import usable_cores
from benchmarks.peers.job import EVALUATED_AT_ONCE, answer, read_job

SIZES = (100, 100, 100, 100, 10)
EPSILON = 1e-7

OPTIMIZERS = {
    "sgd": optax.sgd(0.01),
    "momentum": optax.sgd(0.01, momentum=0.9),
    "adagrad": optax.adagrad(0.01, initial_accumulator_value=0.0, eps=EPSILON),
    "adam": optax.adam(0.001, eps=EPSILON),
}


def initial(key, inputs):
    """He's initial weights, biases zero."""
    params = []
    for rows, columns in zip((inputs, *SIZES), SIZES, strict=False):
        key, drawn = jax.random.split(key)
        weights = jax.random.normal(drawn, (rows, columns)) * jnp.sqrt(2.0 / rows)
        params.append((weights, jnp.zeros(columns)))
    return params


def scores(params, x):
    """The network."""
    for weights, bias in params[:-1]:
        x = jax.nn.relu(x @ weights + bias)
    weights, bias = params[-1]
    return x @ weights + bias


def mean_loss(params, x, y):
    """Cross-entropy of a batch."""
    return optax.softmax_cross_entropy_with_integer_labels(scores(params, x), y).mean()


@partial(jax.jit, static_argnames=("arm", "steps", "batch_size"))
def train(key, x, y, *, arm, steps, batch_size):
    """A run: the parameters at its end and the loss of every step."""
    optimizer = OPTIMIZERS[arm]
    first, drawn = jax.random.split(key)
    params = initial(first, x.shape[1])
    order = jax.random.randint(drawn, (steps, batch_size), 0, len(x))

    def step(carry, picked):
        params, state = carry
        loss, grads = jax.value_and_grad(mean_loss)(params, x[picked], y[picked])
        updates, state = optimizer.update(grads, state, params)
        return (optax.apply_updates(params, updates), state), loss

    (params, _), losses = jax.lax.scan(step, (params, optimizer.init(params)), order)
    return params, losses


@jax.jit
def num_right(params, x, y):
    """Right answers in a batch."""
    return (scores(params, x).argmax(1) == y).sum()


def accuracy(params, x, y):
    """Share of right answers."""
    starts = range(0, len(x), EVALUATED_AT_ONCE)
    pieces = [slice(i, i + EVALUATED_AT_ONCE) for i in starts]
    return sum(int(num_right(params, x[piece], y[piece])) for piece in pieces) / len(x)


def main():
    """Train every arm with every seed."""
    job = read_job(("A",))
    work, parts = job.work, job.parts
    x_train, x_test = (
        jnp.asarray(images.reshape(len(images), -1).astype(np.float32) / np.float32(255))
        for images in (parts.train_images, parts.test_images)
    )
    y_train, y_test = jnp.asarray(parts.train_labels), jnp.asarray(parts.test_labels)
    accuracies = {}
    for arm in work.arms:
        for seed in range(work.seeds):
            params, losses = train(
                jax.random.key(seed),
                x_train,
                y_train,
                arm=arm,
                steps=work.steps,
                batch_size=work.batch_size,
            )
            losses.block_until_ready()
            accuracies.setdefault(arm, []).append(accuracy(params, x_test, y_test))
    answer(
        job,
        accuracies,
        peer="jax",
        numbers="float32",
        threads=usable_cores(),  # of XLA's pool
        packages=["jax", "jaxlib", "optax"],
    )


if __name__ == "__main__":
    main()
