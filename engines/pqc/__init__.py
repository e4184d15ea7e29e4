"""The pqc engine: post-quantum key encapsulation, with keys that never leave the server."""
