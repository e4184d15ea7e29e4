import { createHash } from 'node:crypto';

export const user = () => ({
  token: Math.random().toString(36),
  avatar: createHash('md5').update('me').digest('hex'), // finds: use:MD5 weak-hash
});
