import { createHash } from 'node:crypto';

export const md5 = (data: string) => createHash('md5').update(data).digest('hex'); // finds: use:MD5 weak-hash
export const named = (name: string) => (data: string) => createHash(name).update(data).digest('hex');
