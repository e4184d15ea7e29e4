"""Pages, sections, files and pictures that results are written to."""
