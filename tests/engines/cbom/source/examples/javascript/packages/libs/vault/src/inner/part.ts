export const inner = "sha1";
