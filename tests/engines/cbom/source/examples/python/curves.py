import coincurve
import ed25519
import fastecdsa.curve
import fastecdsa.ecdsa
import fastecdsa.keys
import gnupg
import mnemonic
import oqs
import pqcrypto.kem.ml_kem_768
import srp
import tinyec.registry
from dilithium_py.ml_dsa import ML_DSA_44
from ellipticcurve.ecdsa import Ecdsa
from eth_account import Account
from eth_keys import keys
from kyber_py.ml_kem import ML_KEM_512
from pgpy import PGPKey
from pgpy.constants import EllipticCurveOID, PubKeyAlgorithm
from py_ecc.bls import G2ProofOfPossession
from eth_utils import keccak
from web3 import Web3

SECRET = "c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4"


def curves(key, message):
    ed25519.create_keypair()  # finds: use:Ed25519
    fastecdsa.keys.gen_keypair(fastecdsa.curve.P192)  # finds: use:ECDSA weak-key-size
    fastecdsa.ecdsa.sign(message, key)  # finds: use:ECDSA
    coincurve.PrivateKey(key)  # finds: use:ECDSA
    coincurve.PrivateKey.from_hex(SECRET)  # finds: use:ECDSA hardcoded-key
    keys.PrivateKey(key)  # finds: use:ECDSA
    Account.create()  # finds: use:ECDSA
    Account.from_key(SECRET)  # finds: use:ECDSA hardcoded-key
    Ecdsa.sign(message, key)  # finds: use:ECDSA
    tinyec.registry.get_curve("secp192r1")  # finds: use:EC weak-key-size
    tinyec.registry.get_curve("brainpoolP256r1")  # finds: use:EC
    G2ProofOfPossession.Sign(key, message)  # finds: use:BLS


def openpgp(word):
    PGPKey.new(PubKeyAlgorithm.RSAEncryptOrSign, 1024)  # finds: use:RSA weak-key-size
    PGPKey.new(PubKeyAlgorithm.RSAEncryptOrSign, 4096)  # finds: use:RSA
    PGPKey.new(PubKeyAlgorithm.ECDSA, EllipticCurveOID.NIST_P256)  # finds: use:ECDSA
    tool = gnupg.GPG()
    tool.gen_key_input(key_type="RSA", key_length=1024, passphrase=word)  # finds: use:RSA weak-key-size
    tool.gen_key_input(key_type="RSA", key_length=4096, passphrase="of all")  # finds: use:RSA hardcoded-key


def post_quantum():
    oqs.KeyEncapsulation("ML-KEM-768")  # finds: use:ML-KEM-768
    oqs.Signature("ML-DSA-65")  # finds: use:ML-DSA-65
    ML_KEM_512.keygen()  # finds: use:ML-KEM-512
    ML_DSA_44.keygen()  # finds: use:ML-DSA-44
    pqcrypto.kem.ml_kem_768.generate_keypair()  # finds: use:ML-KEM-768


def others(name, word):
    mnemonic.Mnemonic("english").to_seed(word)  # finds: use:PBKDF2
    srp.create_salted_verification_key(name, word)  # finds: use:SRP


def on_a_chain(text, transaction, key):
    keccak(text)  # finds: use:Keccak
    Web3.keccak(text=text)  # finds: use:Keccak
    Web3().keccak(text)  # finds: use:Keccak
    node = Web3(Web3.HTTPProvider("https://example.org"))
    node.eth.account.from_key(SECRET)  # finds: use:ECDSA hardcoded-key
    node.eth.account.sign_transaction(transaction, key)  # finds: use:ECDSA
    node.eth.get_balance(text)
