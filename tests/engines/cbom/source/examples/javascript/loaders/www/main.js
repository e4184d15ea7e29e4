define(['jquery', '/common/keys.js', '/components/tweetnacl/nacl-fast.min.js'], function ($, Keys) {
  var Nacl = window.nacl;
  var later;
  var state = 0;
  $(function () {
    require(['/components/crypto-js/crypto-js.js'], function (C) {
      C.MD5('x'); // finds: use:MD5 weak-hash
      later = window.nacl;
    });
  });
  $(function () { later.randomBytes(24); }); // finds: use:CSPRNG
  var next = function (part, nonce, key) {
    if (state === 0) { state++; return; }
    return Nacl.secretbox(part, nonce, key); // finds: use:XSalsa20-Poly1305
  };
  Nacl.secretbox(part, nonce, Keys.main); // finds: use:XSalsa20-Poly1305 hardcoded-key
  return { next: next };
});
