"""Login through a browser, by OpenID Connect's authorization code flow, or a device's (RFC 8628).

1  ``auth_url`` gives the address to open in the browser                                      (``begin``)
2  the person logs in at the provider
3  the browser comes back with a code: to the client, which brings it to ``callback`` (mode ``client``), or to
   ``callback`` itself, where the client asks for the result by ``poll`` (mode ``direct``); in the mode ``device`` it
   doesn't come back, and ``poll`` asks the provider                                          (``callback``, ``poll``)
4  the code is exchanged for tokens about the person, which are checked                       (``proofs``)
5  the claims are held against the role, as in any login of this method

Against a code or a login injected by an attacker there are the sealed ``state``, valid once and for one provider; the
proof key of the exchange (RFC 7636); the nonce in the token; the issuer in the answer (RFC 9207); and the client's own
nonce, which the browser never sees.
"""
