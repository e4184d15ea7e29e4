// Members of objects, prototypes and `this`.
const crypto = require("crypto");
const https = require("https");

const tools = {
  algorithm: "md5",
  any(name, data) { return crypto.createHash(name).update(data); }, // finds: use:SHA-1 weak-hash
  own(data) { return crypto.createHash(this.algorithm).update(data); }, // finds: use:MD5 weak-hash
  old: function (data) { return crypto.createHash(this.algorithm).update(data); }, // finds: use:MD5 weak-hash
  free: function (name) { return crypto.createHash(name); }, // finds: use:MD4 weak-hash
};
tools.any("sha1", "x");
tools.free("md4");

module.exports = {
  key: "of the module",
  sign(data) { return crypto.createHmac("sha256", this.key).update(data); }, // finds: use:HMAC-SHA-256 hardcoded-key
};

function Session(options) {
  this.options = options || {};
  this.algorithm = this.options.algorithm || "des-cbc";
}
Session.prototype.encrypt = function (key, iv) {
  return crypto.createCipheriv(this.algorithm, key, iv); // finds: use:DES use:RC4 weak-cipher unauthenticated-mode
};
Session.create = function (name) { return crypto.createHash(name); }; // finds: use:SHA-256
Session.create("sha256");

var Box = function (hash) { this.hash = hash; };
Box.prototype = {
  sum: function (data) { return crypto.createHash(this.hash).update(data); }, // finds: use:RIPEMD-160 weak-hash
};
new Box("ripemd160").sum("x");

function Below() { Session.call(this, { algorithm: "rc4" }); }
Below.prototype = Object.create(Session.prototype);
Below.prototype.decrypt = function (key) {
  return crypto.createDecipheriv(this.algorithm, key, null); // finds: use:DES use:RC4 weak-cipher unauthenticated-mode
};

function Closed() {
  this.name = "md5";
  this.sum = function (data) { return crypto.createHash(this.name).update(data); }; // finds: use:MD5 weak-hash
}
new Closed().sum("x");

var Compiled = (function () {
  function Compiled() { this.name = "sha1"; }
  _createClass(Compiled, [{ key: "sum", value: function sum() { return crypto.createHash(this.name); } }]); // finds: use:SHA-1 weak-hash
  return Compiled;
})();

const methods = {
  makeSalt: function () { return Math.round(Math.random() * 1e9) + ""; }, // finds: weak-random
  roll: function () { return Math.round(Math.random() * 6); },
};

class Strict {
  strict = false;
  agent = new https.Agent({ rejectUnauthorized: this.strict }); // finds: use:TLS disabled-certificate-check
}
