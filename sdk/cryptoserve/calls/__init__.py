"""The operations of clients, as steps: requests, reading of responses, and local encryption."""
