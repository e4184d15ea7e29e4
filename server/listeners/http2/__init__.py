"""HTTP/2 over hypercorn and h2, with bounds on frames, streams and resets."""
