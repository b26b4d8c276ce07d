"""Export of networks to files for other programs: torch.export and ONNX."""
