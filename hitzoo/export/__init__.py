"""Networks as files that other programs run: torch.export and ONNX."""
