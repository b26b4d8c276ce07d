"""Objectives: losses, penalties, augmentations and updates; tensors in, gradients out, no files."""
