"""Source scanner: which cryptography a program uses, and what of it is weak."""
