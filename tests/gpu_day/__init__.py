"""A day with a GPU: what is to be measured on a new card, in the order of its worth. `python -m tests.gpu_day`."""
