"""Checks that a setting turns off, and checks that are off without one."""

import hashlib
import os
import ssl

import jwt
import requests
import urllib3

DEFAULT_VERIFY = False


def by_option(options):
    context = ssl.create_default_context()  # finds: use:TLS
    if options.insecure or options["skip-tls-verify"]:
        context.check_hostname = False  # finds: use:TLS
        context.verify_mode = ssl.CERT_NONE  # finds: use:TLS
    if options.insecure or not options.authority:
        context.verify_mode = ssl.CERT_NONE  # finds: use:TLS disabled-certificate-check
    if options.verify is None:
        context.verify_mode = ssl.CERT_NONE  # finds: use:TLS disabled-certificate-check
    if options.legacy_tls:
        context.minimum_version = ssl.TLSVersion.TLSv1  # finds: use:TLSv1.0
        context.check_hostname = False  # finds: use:TLS disabled-certificate-check
    return context


def behind(verify_ssl=True):
    if verify_ssl:
        return ssl.create_default_context()  # finds: use:TLS
    context = ssl.create_default_context()  # finds: use:TLS
    context.check_hostname = False  # finds: use:TLS
    return context


def refused(options):
    if not options.verify:
        raise ValueError(options)
    requests.get("https://example.org", verify=False)  # finds: use:TLS disabled-certificate-check


def off_by_default(verify_ssl=False, verify=DEFAULT_VERIFY):
    if not verify_ssl:
        requests.get("https://example.org", verify=False)  # finds: use:TLS disabled-certificate-check
    if not verify:
        requests.get("https://example.org", verify=False)  # finds: use:TLS disabled-certificate-check


def chosen(self, token, key):
    verify = True
    if os.environ.get("NO_CHECK_CERTIFICATE") == "1":
        verify = False
    requests.get("https://example.org", verify=verify)
    requests.get("https://example.org", verify=False if self.config.debug else True)
    if self.settings.get("VERIFY_TOKENS") == "no":
        return jwt.decode(token, options={"verify_signature": False})  # finds: use:JSON_Web_Signature
    for retry in range(2):
        if self.verify:
            continue
    return jwt.decode(token, options={"verify_signature": False})  # finds: use:JSON_Web_Signature unverified-signature


def connect(insecure):
    context = ssl.create_default_context()  # finds: use:TLS
    if insecure:
        context.check_hostname = False  # finds: use:TLS disabled-certificate-check
    return context


connect(True)


def either(options):
    verify = options.authority
    mode = ssl.CERT_REQUIRED
    if options.proxy == "none":
        mode = ssl.CERT_NONE
    if options.proxy:
        verify = False
    requests.get("https://example.org", verify=verify)  # finds: use:TLS disabled-certificate-check
    context = ssl.create_default_context()  # finds: use:TLS
    context.verify_mode = mode


def make_context_for_tests():
    context = ssl.create_default_context()  # finds: use:TLS
    context.check_hostname = False


def token_expiration(token):
    return jwt.decode(token, options={"verify_signature": False})["exp"]


def by_options(settings):
    if settings.VERIFY_SSL_CERT:
        options = {"cert_reqs": ssl.CERT_REQUIRED}
    else:
        options = {"cert_reqs": ssl.CERT_NONE}
    return urllib3.PoolManager(**options)


def by_mode(settings):
    context = ssl.create_default_context()  # finds: use:TLS
    if settings.ssl_mode == 2:
        context.check_hostname = False  # finds: use:TLS
    if settings.insecure:
        return insecure_context()
    return context


def insecure_context():
    context = ssl.create_default_context()  # finds: use:TLS
    context.check_hostname = False  # finds: use:TLS
    return context


def by_requirement(cert_reqs):
    context = ssl.create_default_context()  # finds: use:TLS
    if cert_reqs == ssl.CERT_NONE:
        context.check_hostname = False  # finds: use:TLS
    if cert_reqs == ssl.CERT_REQUIRED:
        context.check_hostname = False  # finds: use:TLS disabled-certificate-check
    else:
        context.check_hostname = False  # finds: use:TLS
    return context


def stretched(password, salt):
    count = 600_000
    if os.environ.get("SERVICE_TESTING") == "1":
        count = 10
    if os.environ.get("SERVICE_FAST") == "1":
        cost = 10
    else:
        cost = 600_000
    hashlib.pbkdf2_hmac("sha256", password, salt, cost)  # finds: use:PBKDF2 low-kdf-iterations
    return hashlib.pbkdf2_hmac("sha256", password, salt, count)  # finds: use:PBKDF2
