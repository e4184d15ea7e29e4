"""Ways to prove who one is. A method checks the proof and says what the token may be; the core alone mints it."""
