"""HTTP/2 over h2, with bounds on frames, streams and resets."""
