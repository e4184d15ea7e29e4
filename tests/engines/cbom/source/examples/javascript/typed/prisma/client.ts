import { createHash } from 'node:crypto';

export const user = (name: string) => ({
  token: Math.random().toString(36), // finds: weak-random
  avatar: createHash('md5').update(name).digest('hex'), // finds: use:MD5 weak-hash
});
