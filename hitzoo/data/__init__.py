"""Images from anywhere (folder, zip, TFRecords, Hugging Face, drawn on the spot) as uint8 arrays for a network."""
