// Math's functions under other names.
const { floor, random } = Math;
const csrfToken = floor(random() * 1e9); // finds: use:PRNG weak-random
const deviceToken = Math['random']().toString(36); // finds: use:PRNG weak-random
const dice = floor(random() * 6);
