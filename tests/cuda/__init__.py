"""What only a card can tell: `pytest -m cuda`, the first files the ones most worth its time."""
