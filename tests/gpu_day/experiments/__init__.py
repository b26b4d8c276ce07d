"""Questions that only a card can answer, each a function of the setup that gives rows of a table as it finds them."""
