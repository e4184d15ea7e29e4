"""What crypto policies rest on and ask of keys: their classification, and facts of keys that no request is for."""
