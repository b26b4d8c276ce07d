"""The Hugging Face Hub: pull, publish, and what a repository is believed of."""
