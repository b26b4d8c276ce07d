"""What must never change: identities of networks, the bits of training, and files that earlier versions wrote.

`python -m tests.pins.record` writes the pins anew; that is right only where a change of results is meant and announced.
"""
