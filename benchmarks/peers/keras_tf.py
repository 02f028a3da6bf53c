"""Keras 3 on TensorFlow: `compile` and `fit`, a model built anew for every run. Works A, C, D, E.

Float32; `jit_compile` and the number of threads are the defaults, and so is `steps_per_execution`
unless it runs as "keras-tf-tuned". Arrays or `tf.data`: whichever was faster at that batch size.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.machine import usable_cores
from benchmarks.peers.job import EVALUATED_AT_ONCE, answer, read_job

STEPS_IN_ONE_CALL = 50  # spares Python between steps; divides or outlasts every work's steps

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.01),
    "momentum": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "adagrad": lambda: keras.optimizers.Adagrad(0.01, initial_accumulator_value=0.0),
    "adam": lambda: keras.optimizers.Adam(0.001),
}


def mlp(shape):
    """R4.0: four hidden layers of 100, He's initial weights."""
    hidden = [layers.Dense(100, "relu", kernel_initializer="he_normal") for _ in range(4)]
    last = layers.Dense(10, "softmax", kernel_initializer="he_normal")
    return keras.Sequential([keras.Input(shape), layers.Flatten(), *hidden, last])


def cifar_cnn(shape, dropout):
    """R0.7: four convolutions, four dense layers, and dropout before the last in one arm."""
    stack = [keras.Input(shape)]
    for filters in (64, 128, 256, 512):
        stack += [layers.Conv2D(filters, 3, padding="same", activation="relu")]
        stack += [layers.MaxPooling2D()]
    stack += [layers.Flatten()]
    stack += [layers.Dense(units, "relu") for units in (128, 256, 512, 1024)]
    stack += [layers.Dropout(0.5)] if dropout else []
    return keras.Sequential([*stack, layers.Dense(10, "softmax")])


def fashion_cnn(shape):
    """R3.5: LeNet's size."""
    return keras.Sequential(
        [
            keras.Input(shape),
            *(layers.Conv2D(6, 5, activation="relu"), layers.MaxPooling2D()),
            *(layers.Conv2D(16, 5, activation="relu"), layers.MaxPooling2D()),
            *(layers.Flatten(), layers.Dense(120, "relu"), layers.Dropout(0.2)),
            layers.Dense(10, "softmax"),
        ]
    )


def fer_cnn(shape):
    """R2.1: five blocks of two convolutions, two dense layers, batch normalisation throughout."""
    stack = [keras.Input(shape)]
    for filters in (64, 128, 192, 256, 512):
        for _ in range(2):
            stack += [layers.Conv2D(filters, 3, padding="same"), layers.BatchNormalization()]
            stack += [layers.LeakyReLU(negative_slope=0.1)]
        stack += [layers.MaxPooling2D(), layers.Dropout(0.3)]
    stack += [layers.Flatten()]
    for _ in range(2):
        stack += [layers.Dense(512, "relu"), layers.BatchNormalization(), layers.Dropout(0.5)]
    return keras.Sequential([*stack, layers.Dense(7, "softmax")])


def make(work, arm, shape, tuned):
    """The compiled model of an arm."""
    if work == "A":
        model, optimizer = mlp(shape), arm
    elif work == "C":
        model, optimizer = cifar_cnn(shape, arm == "dropout"), "adam"
    elif work == "D":
        model, optimizer = fashion_cnn(shape), "adam"
    else:
        model, optimizer = fer_cnn(shape), "adam"
    loss = "sparse_categorical_crossentropy"
    options = {"steps_per_execution": STEPS_IN_ONE_CALL} if tuned else {}
    model.compile(optimizer=OPTIMIZERS[optimizer](), loss=loss, metrics=["accuracy"], **options)
    return model


def fit(work, model, x, y):
    """Every step of a run."""
    if work.steps is not None:
        batches = (
            tf.data.Dataset.from_tensor_slices((x, y))
            .shuffle(len(x))
            .repeat()
            .batch(work.batch_size)
            .prefetch(tf.data.AUTOTUNE)
        )
        model.fit(batches, steps_per_epoch=work.steps, shuffle=False, verbose=0)
    elif work.name == "E":
        turned = keras.Sequential(
            [layers.RandomRotation(10 / 360), layers.RandomTranslation(0.1, 0.1)]
        )
        batches = (
            tf.data.Dataset.from_tensor_slices((x, y))
            .shuffle(len(x))
            .batch(work.batch_size)
            .map(lambda x, y: (turned(x, training=True), y), num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(tf.data.AUTOTUNE)
        )
        model.fit(batches, epochs=work.epochs, shuffle=False, verbose=0)
    else:
        model.fit(x, y, batch_size=work.batch_size, epochs=work.epochs, verbose=0)


def main():
    """Train every arm with every seed."""
    job = read_job(("A", "C", "D", "E"))
    work, parts = job.work, job.parts
    pixel_max = np.float32(1 if work.name == "D" else 255)  # R3.5 takes the pixels as they are
    x_train, x_test = (
        images.astype(np.float32) / pixel_max for images in (parts.train_images, parts.test_images)
    )
    y_train, y_test = np.array(parts.train_labels), np.array(parts.test_labels)
    accuracies = {}
    for arm in work.arms:
        for seed in range(work.seeds):
            keras.backend.clear_session()
            keras.utils.set_random_seed(seed)
            model = make(work.name, arm, x_train.shape[1:], job.tuned)
            fit(work, model, x_train, y_train)
            _, accuracy = model.evaluate(x_test, y_test, batch_size=EVALUATED_AT_ONCE, verbose=0)
            accuracies.setdefault(arm, []).append(float(accuracy))
    answer(
        job,
        accuracies,
        peer="keras-tf-tuned" if job.tuned else "keras-tf",
        numbers="float32",
        threads=usable_cores(),  # TensorFlow's default
        packages=["keras", "tensorflow_cpu", "numpy"],
    )


if __name__ == "__main__":
    main()
