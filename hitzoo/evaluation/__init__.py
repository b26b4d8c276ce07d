"""HOW GOOD THE PICTURES ARE: samples against real images, every number with the protocol it came from."""
