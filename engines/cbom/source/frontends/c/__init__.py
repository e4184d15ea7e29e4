"""Front-end of C and C++."""
