"""What names and functions of the program say of its intent: secrets, and checks that accept everything."""
