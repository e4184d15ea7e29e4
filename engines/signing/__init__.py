"""What applications sign: tokens (JWT), JWS, COSE and CMS, by keys that stay here."""
