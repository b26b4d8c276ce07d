"""What is optimised: losses, penalties, augmentations and the step; tensors in, gradients out, no files."""
