"""Reports of scans: SARIF, JSON, text and CycloneDX."""
