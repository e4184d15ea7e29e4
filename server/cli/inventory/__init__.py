"""Commands on the inventory of a server, on snapshots, and on CycloneDX documents of any origin."""
