"""Files of settings that a program reads when it runs, as values of the program."""
