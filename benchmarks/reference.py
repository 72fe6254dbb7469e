"""The reference kernel: fixed arithmetic whose time lets machines and days be compared as ratios.

Scale, shift and clamp over 64 KiB of float32, as a layer of a network does to its activations. It
is elementwise and not a matrix product: NumPy runs these loops in the calling thread with the
processor's vector instructions, while a product would go to whatever BLAS was built in, with
threads of its own. The plane stays in the second cache level of any processor that can run the
engine, so the time follows clock and vector width, and turns neither on memory nor on neighbors.
"""

import time

import numpy as np

SIDE = 128
ROUNDS = 40


def kernel() -> float:
    """Run the fixed arithmetic once and return the mean, about 1.004 on every machine."""
    plane = np.linspace(0.5, 2, SIDE * SIDE, dtype=np.float32)
    scaled = np.empty_like(plane)
    for _ in range(ROUNDS):
        # Every value goes to 1, so none becomes so small that arithmetic slows down.
        np.multiply(plane, np.float32(0.9), out=scaled)
        np.add(scaled, np.float32(0.1), out=scaled)
        np.minimum(scaled, np.float32(4), out=scaled)
        np.maximum(scaled, np.float32(0), out=plane)
    return float(plane.mean(dtype=np.float64))


def time_reference(times: int = 5) -> list[float]:
    """Run the kernel a few times, after one that does not count; return each time in ms."""
    kernel()
    samples_ms = []
    for _ in range(times):
        start = time.perf_counter()
        kernel()
        samples_ms.append((time.perf_counter() - start) * 1e3)
    return samples_ms
