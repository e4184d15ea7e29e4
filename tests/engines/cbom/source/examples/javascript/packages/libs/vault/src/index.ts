import { createHash } from "crypto";

export const SECRET = "of all services";
export function digest(name: string): string {
  return createHash(name).digest("hex"); // finds: use:MD4 weak-hash
}
