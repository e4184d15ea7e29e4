"""The signing engine: tokens (JWT), JWS, COSE and CMS, by keys that never leave the server."""
