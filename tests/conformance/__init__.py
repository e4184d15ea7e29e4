"""The same requests to a real OpenBao and to CryptoServe, and their answers compared. See README.md in this folder."""
