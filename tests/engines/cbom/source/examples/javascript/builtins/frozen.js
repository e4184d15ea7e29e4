const KEYS = Object.freeze({ first: 'a key of several that stand here' });
const exported = { KEYS };
module.exports = exported;
