"""The seal: state shared by all processes, ceremonies of share holders, the root key."""
