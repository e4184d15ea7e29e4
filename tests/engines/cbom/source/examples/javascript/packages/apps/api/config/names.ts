export enum Digest { Old = "md5", New = "sha256" }
export const ciphers = { files: "des-ede3-cbc" } as const;
