"""Applications: CycloneDX documents of programs, stored as versions, and judged together with their live keys."""
