"""Functions of C and C++ whose results follow from their arguments."""
