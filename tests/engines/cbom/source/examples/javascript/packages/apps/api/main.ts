import { createCipheriv, createHash, createHmac } from "node:crypto";
import { ciphers } from "@config/names";
import { Digest } from "names";
import { old } from "apps/api/config/names";
import { SECRET, digest } from "@example/vault";
import { inner } from "@example/vault/inner/part";
import { unknown } from "@elsewhere/vault";

createHash(Digest.Old); // finds: use:MD5 weak-hash
createHash(Digest.New); // finds: use:SHA-256
createCipheriv(ciphers.files, key, iv); // finds: use:3DES weak-cipher
createHmac("sha256", SECRET); // finds: use:HMAC-SHA-256 hardcoded-key
createHash(inner); // finds: use:SHA-1 weak-hash
digest("md4");
createHash(unknown);
createHash(old);
