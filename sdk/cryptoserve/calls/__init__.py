"""The operations of clients, as steps: what they send, what they make of answers, and what they do themselves."""
