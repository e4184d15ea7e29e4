"""Evidence of intent in names and functions of the program: secrets, and checks that accept everything."""
