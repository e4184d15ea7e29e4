"""Upper limits of a rate: an empty handler, and the cryptography alone."""
