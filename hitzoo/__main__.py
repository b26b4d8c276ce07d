"""`python -m hitzoo` (and `torchrun -m hitzoo`) is the `hitzoo` command."""

from hitzoo.cli.app import main

if __name__ == "__main__":
    main()
