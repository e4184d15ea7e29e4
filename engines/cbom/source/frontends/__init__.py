"""Front-ends: one for each language, from its syntax tree to the common form of programs."""
