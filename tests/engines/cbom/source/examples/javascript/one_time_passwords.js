import speakeasy from '@levminer/speakeasy';
import { authenticator, Authenticator } from 'otplib';
import * as OTPAuth from 'otpauth';
import notp from 'notp';
import twofactor from 'node-2fa';
import totp from 'totp-generator';
import { generateTOTP } from '@epic-web/totp';

export function enrol(user) {
  user.secret = speakeasy.generateSecret().base32; // finds: use:CSPRNG
  return speakeasy.totp({ secret: user.secret }); // finds: use:HMAC-SHA-1
}

speakeasy.totp.verify({ secret: 'JBSWY3DPEHPK3PXP', token: process.argv[2] }); // finds: use:HMAC-SHA-1 hardcoded-key
authenticator.generate(process.env.SECRET); // finds: use:HMAC-SHA-1
authenticator.verify({ token: process.argv[2], secret: process.env.SECRET }); // finds: use:HMAC-SHA-1
new Authenticator().generateSecret(); // finds: use:CSPRNG

const password = new OTPAuth.TOTP({ algorithm: 'SHA256', secret: OTPAuth.Secret.fromBase32(process.env.SECRET) }); // finds: use:HMAC-SHA-256
password.validate({ token: process.argv[2] }); // finds: use:HMAC-SHA-256
notp.totp.verify(process.argv[2], process.env.SECRET); // finds: use:HMAC-SHA-1
twofactor.verifyToken(process.env.SECRET, process.argv[2]); // finds: use:HMAC-SHA-1
totp(process.env.SECRET, { algorithm: 'SHA-512' }); // finds: use:HMAC-SHA-512
await generateTOTP({ algorithm: 'SHA-256', secret: process.env.SECRET }); // finds: use:HMAC-SHA-256
speakeasy.otpauthURL({ secret: process.env.SECRET, label: 'x' }); // finds:
