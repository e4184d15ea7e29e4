"""Keys in crypto policies: their classification, and facts of keys outside of requests for them."""
