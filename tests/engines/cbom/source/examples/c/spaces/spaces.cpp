#include "spaces.hpp"

namespace km = keys::made;

RSA *small(RSA *key, BIGNUM *exponent) { return km::generate(key, exponent, 512); }

RSA *other(RSA *key, BIGNUM *exponent) { return keys::made::generate(key, exponent, 1024); }

class Size {
  public:
    static void generate(int bits);
};
