"""Evaluation of ``cryptoserve scan`` on public corpora with ground truth, read from local copies."""
