(function (root, factory) {
  if (typeof define === 'function' && define.amd) define(['tweetnacl/nacl-fast'], factory);
  else if (typeof module === 'object') module.exports = factory(require('tweetnacl/nacl-fast'));
  else root.sign = factory(root.nacl);
})(this, function (Nacl) {
  return function (message, key) { return Nacl.sign.detached(message, key); }; // finds: use:Ed25519
});
