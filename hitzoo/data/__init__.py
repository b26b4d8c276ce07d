"""Images from anywhere (a folder, a zip, drawn on the spot) as uint8 arrays ready for a network."""
