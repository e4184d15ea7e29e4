"""One reader a corpus: its labels, in the scanner's classes."""
