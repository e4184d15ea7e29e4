"""What engines ask the gate of the crypto policy, and record of uses of keys."""
