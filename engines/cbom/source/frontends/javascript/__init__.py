"""Front-end of JavaScript and TypeScript."""
