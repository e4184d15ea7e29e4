import { createHash as make } from 'crypto';
export const hash = (name) => make(name); // finds: use:SHA-1 use:SHA3-256 weak-hash
export default class Hasher {
  static of(name) {
    return make(name); // finds: use:SHA-224
  }
}
export { hash as digest };
