import React, { useMemo, useState } from 'react';
import { createHash } from 'https://deno.land/std@0.224.0/node/crypto.ts';
import { crypto } from 'jsr:@std/crypto';
import * as bcrypt from 'https://deno.land/x/bcrypt@v0.4.1/mod.ts';
import { sha1 } from 'npm:@noble/hashes@1.4.0/legacy.js';

export const Login = () => {
  const csrf = useMemo(() => Math.random().toString(36), []); // finds: weak-random
  const [nonce] = useState(() => Math.random().toString(36)); // finds: weak-random
  const [row] = useState(Math.random());
  crypto.subtle.digest('SHA-1', text); // finds: use:SHA-1 weak-hash
  bcrypt.hash(text); // finds: use:bcrypt
  return <input value={sha1(csrf)} title="sha1('x')" />; // finds: use:SHA-1 weak-hash
};

// What a state is at first it isn't later: each of these may run.
export function Chosen() {
  const [kind, setKind] = useState('none');
  const strength = React.useRef('low');
  return () => {
    if (kind === 'md5') {
      sha1(text); // finds: use:SHA-1 weak-hash
    }
    if (strength.current === 'high') {
      crypto.subtle.digest('SHA-512', text); // finds: use:SHA-512
    }
  };
}
