import os

import bottle
import boto3
import jwt
import pyseto
import xmlsec
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, SignatureAlgorithm
from flask_jwt_extended import create_access_token
from google.cloud import kms
from jwcrypto import jwk
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.security.jwt import JWTAuth
from oauthlib.oauth1 import Client
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from pyramid.authentication import AuthTktAuthenticationPolicy
from requests_oauthlib import OAuth1
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.tokens import RefreshToken
from signxml import SignatureMethod, XMLSigner, XMLVerifier


def keys():
    jwk.JWK(kty="oct", k="c2lnbnMgdG9rZW5z")  # finds: use:HMAC hardcoded-key
    jwk.JWK(kty="oct", k=os.environ["KEY"])  # finds: use:HMAC
    jwk.JWK(kty="RSA", n=os.environ["N"])  # finds: use:RSA
    jwk.JWK.from_password("signs tokens")  # finds: use:HMAC hardcoded-key
    pyseto.Key.new(version=4, purpose="local", key=b"encrypts tokens")  # finds: use:XChaCha20 hardcoded-key
    pyseto.Key.new(version=4, purpose="public", key=os.environ["KEY"])  # finds: use:Ed25519


def tokens(user, token):
    create_access_token(identity=user)  # finds: use:HMAC-SHA-256
    RefreshToken.for_user(user)  # finds: use:HMAC-SHA-256
    TokenBackend("HS256", "signs tokens")  # finds: use:HMAC-SHA-256 hardcoded-key
    Client("key", client_secret="signs requests")  # finds: use:HMAC-SHA-1 hardcoded-key
    OAuth1("key", os.environ["SECRET"])  # finds: use:HMAC-SHA-1
    jwt.api_jws.PyJWS().decode(token, os.environ["KEY"], algorithms=["HS256"])  # finds: use:HMAC-SHA-256


def markup(document, key, certificate):
    sha1, sha256 = OneLogin_Saml2_Constants.RSA_SHA1, OneLogin_Saml2_Constants.RSA_SHA256
    OneLogin_Saml2_Utils.add_sign(document, key, certificate, sign_algorithm=sha1)  # finds: use:RSA weak-hash
    OneLogin_Saml2_Utils.add_sign(document, key, certificate, sign_algorithm=sha256)  # finds: use:RSA
    OneLogin_Saml2_Utils.calculate_x509_fingerprint(certificate, alg="sha1")  # finds: use:SHA-1 weak-hash
    XMLSigner(signature_algorithm="rsa-sha1").sign(document, key=key)  # finds: use:RSA weak-hash
    XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256)  # finds: use:ECDSA
    XMLVerifier().verify(document, x509_cert=certificate)  # finds: use:RSA
    context = xmlsec.SignatureContext()
    context.sign(document)  # finds: use:RSA
    xmlsec.template.create(document, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA1)  # finds: use:RSA weak-hash


def cookies(name):
    CookieBackendConfig(secret=b"0123456789abcdef")  # finds: use:AES hardcoded-key
    JWTAuth(token_secret=os.environ["SECRET"])  # finds: use:HMAC-SHA-256
    bottle.response.set_cookie(name, "value", secret="signs cookies")  # finds: use:HMAC hardcoded-key
    bottle.response.set_cookie(name, "value")
    AuthTktAuthenticationPolicy("signs tickets", hashalg="md5")  # finds: use:HMAC-MD5 weak-hash hardcoded-key


def services(text):
    client = boto3.client("kms")
    client.encrypt(KeyId="alias/all", Plaintext=text)  # finds: use:AES
    client.generate_data_key(KeyId="alias/all", KeySpec="AES_256")  # finds: use:AES
    client.sign(KeyId="alias/all", Message=text, SigningAlgorithm="RSASSA_PSS_SHA_256")  # finds: use:RSA
    boto3.client("s3").get_object(Bucket="all", Key="one")
    remote = CryptographyClient("key", "credential")
    remote.encrypt(EncryptionAlgorithm.rsa1_5, text)  # finds: use:RSA weak-padding
    remote.sign(SignatureAlgorithm.es256, text)  # finds: use:ECDSA
    kms.KeyManagementServiceClient().encrypt(request={"plaintext": text})  # finds: use:AES
