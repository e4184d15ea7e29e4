"""Applications: CycloneDX documents of what programs use, kept as versions and judged with the keys that they use."""
