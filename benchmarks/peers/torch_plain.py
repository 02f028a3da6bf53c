"""A plain PyTorch loop: tensors in memory, shuffled indices, `torch.optim` as it comes.

Works A to D. Float32, images as N, C, H, W, PyTorch's default number of threads, and the
optimizers' default implementation, which on a CPU is a loop over the parameters.
"""

import torch
from torch import nn

from benchmarks.peers.job import EVALUATED_AT_ONCE, answer, read_job

EPSILON = 1e-7  # Keras's and the book's

OPTIMIZERS = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.01),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9),
    "adagrad": lambda parameters: torch.optim.Adagrad(parameters, lr=0.01, eps=EPSILON),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.001, eps=EPSILON),
}


def mlp(inputs):
    """R4.0: four hidden layers of 100."""
    layers = [nn.Flatten()]
    for before, after in ((inputs, 100), (100, 100), (100, 100), (100, 100)):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(100, 10))


def cifar_cnn(dropout):
    """R0.7: four convolutions, four dense layers, and dropout before the last in one arm."""
    layers = []
    for before, after in ((3, 64), (64, 128), (128, 256), (256, 512)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    layers.append(nn.Flatten())
    for before, after in ((2048, 128), (128, 256), (256, 512), (512, 1024)):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, *([nn.Dropout(0.5)] if dropout else []), nn.Linear(1024, 10))


def fashion_cnn():
    """R3.5: LeNet's size."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Dropout(0.2), nn.Linear(120, 10)),
    )


def make(work, arm, inputs):
    """The network of an arm, its initial weights, and its optimizer."""
    if work in ("A", "B"):
        network, optimizer = mlp(inputs), arm
    elif work == "C":
        network, optimizer = cifar_cnn(arm == "dropout"), "adam"
    else:
        network, optimizer = fashion_cnn(), "adam"
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            if work in ("A", "B"):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            else:
                nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    return network, OPTIMIZERS[optimizer](network.parameters())


def batches(work, num_images):
    """The indices of each step: with replacement, or a fresh permutation an epoch."""
    if work.steps is not None:
        for _ in range(work.steps):
            yield torch.randint(num_images, (work.batch_size,))
    else:
        for _ in range(work.epochs):
            order = torch.randperm(num_images)
            yield from order.split(work.batch_size)


def train(work, network, optimizer, x, y):
    """Every step of a run."""
    criterion = nn.CrossEntropyLoss()
    losses = []
    network.train()
    for picked in batches(work, len(x)):
        optimizer.zero_grad()
        loss = criterion(network(x[picked]), y[picked])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def accuracy(network, x, y):
    """Share of right answers."""
    network.eval()
    right = 0
    for i in range(0, len(x), EVALUATED_AT_ONCE):
        scores = network(x[i : i + EVALUATED_AT_ONCE])
        right += (scores.argmax(1) == y[i : i + EVALUATED_AT_ONCE]).sum().item()
    return right / len(x)


def tensors(images, labels, pixel_max):
    """Float32 images (N, C, H, W) and labels."""
    x = torch.from_numpy(images.copy()).permute(0, 3, 1, 2).contiguous().float()
    return x.div_(pixel_max), torch.from_numpy(labels.copy())


def main():
    """Train every arm with every seed."""
    job = read_job(("A", "B", "C", "D"))
    work, parts = job.work, job.parts
    # R3.5 takes the pixels as they are.
    pixel_max = {"A": 255, "B": 16, "C": 255, "D": 1}[work.name]
    x_train, y_train = tensors(parts.train_images, parts.train_labels, pixel_max)
    x_test, y_test = tensors(parts.test_images, parts.test_labels, pixel_max)
    accuracies = {}
    for arm in work.arms:
        for seed in range(work.seeds):
            torch.manual_seed(seed)
            network, optimizer = make(work.name, arm, x_train[0].numel())
            train(work, network, optimizer, x_train, y_train)
            accuracies.setdefault(arm, []).append(accuracy(network, x_test, y_test))
    answer(
        job,
        accuracies,
        peer="torch",
        numbers="float32",
        threads=torch.get_num_threads(),
        packages=["torch"],
    )


if __name__ == "__main__":
    main()
