"""The machinery of a training step: networks, optimizers, averages, batches, memory."""
