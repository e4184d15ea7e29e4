package tokens

const Longest = 64
