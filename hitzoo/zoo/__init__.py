"""NAMES AND WEIGHTS: records of models, weights as safetensors, and the folders that hold them."""
