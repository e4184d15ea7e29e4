import { createHash } from 'node:crypto';

export async function isLeaked(password: string): Promise<boolean> {
  const sum = createHash('sha1').update(password).digest('hex').toUpperCase(); // finds: use:SHA-1 weak-hash
  const answer = await fetch(`https://api.pwnedpasswords.com/range/${sum.slice(0, 5)}`);
  return (await answer.text()).includes(sum.slice(5));
}

// HTTP's digest is what its server asks for.
export const first = (user: string, realm: string, password: string, nonce: string) =>
  createHash('md5').update(`${user}:${realm}:${password}`).digest('hex'); // finds: use:MD5 weak-hash
