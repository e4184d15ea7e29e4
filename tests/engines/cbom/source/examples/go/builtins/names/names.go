package names

const Key = "fedcba9876543210"
