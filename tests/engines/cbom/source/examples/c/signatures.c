#include <secp256k1.h>
#include <secp256k1_schnorrsig.h>
#include <oqs/oqs.h>
#include "api.h"

int signs(secp256k1_context *context, secp256k1_ecdsa_signature *signature, const unsigned char *hash,
          const unsigned char *key, secp256k1_pubkey *public) {
    if (!secp256k1_ec_pubkey_create(context, public, key)) // finds: use:EC quantum-vulnerable
        return 0;
    secp256k1_ecdsa_signature_normalize(context, signature, signature);
    if (!secp256k1_ecdsa_verify(context, signature, hash, public)) // finds: use:ECDSA quantum-vulnerable
        return 0;
    return secp256k1_ecdsa_sign(context, signature, hash, key, NULL, NULL); // finds: use:ECDSA quantum-vulnerable
}

void forgets(secp256k1_context *context, const unsigned char *signature, const unsigned char *message, secp256k1_xonly_pubkey *key) {
    secp256k1_schnorrsig_verify(context, signature, message, 32, key); // finds: use:Schnorr quantum-vulnerable unverified-signature
}

int agrees(unsigned char *public, unsigned char *secret, unsigned char *ciphertext, unsigned char *shared) {
    OQS_KEM *kem = OQS_KEM_new(OQS_KEM_alg_ml_kem_768); // finds: use:ML-KEM-768
    if (OQS_KEM_keypair(kem, public, secret) != OQS_SUCCESS) // finds: use:
        return -1;
    OQS_SIG *signature = OQS_SIG_new("ML-DSA-65"); // finds: use:ML-DSA-65
    OQS_SIG_free(signature);
    return PQCLEAN_MLKEM512_CLEAN_crypto_kem_enc(ciphertext, shared, public); // finds: use:ML-KEM-512
}
