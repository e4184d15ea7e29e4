"""CryptoServe for applications: client code, independent of the server and its distribution."""
