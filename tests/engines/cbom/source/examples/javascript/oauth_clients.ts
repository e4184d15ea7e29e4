import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { generators } from 'openid-client';
import { Webhook } from 'svix';

export async function authorize(secret: string, body: string) {
  await oauth.generateKeyPair('ES256'); // finds: use:ECDSA
  await client.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()); // finds: use:SHA-256 use:CSPRNG
  generators.codeVerifier(); // finds: use:CSPRNG
  new Webhook(secret).verify(body, {}); // finds: use:HMAC-SHA-256
  new Webhook('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD').verify(body, {}); // finds: use:HMAC-SHA-256 hardcoded-key
}
