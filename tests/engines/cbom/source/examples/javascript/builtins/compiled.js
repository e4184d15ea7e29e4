"use strict";
var frozen_1 = require("./frozen");
Object.defineProperty(exports, "__esModule", { value: true });
Object.defineProperty(exports, "KEYS", { enumerable: true, get: function () { return frozen_1.KEYS; } });
Object.defineProperty(exports, "crypto", { get: () => load() });
Object.defineProperty(exports, "name", { value: "sha1" });
Object.defineProperty(other, "key", { value: "md5" });
function load() {
  return require("crypto");
}
