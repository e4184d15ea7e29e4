"""HCL 1 and its JSON form: tokens, the tree, and the reader of configuration and policies."""
