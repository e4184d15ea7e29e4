import ssl

import gevent.ssl
from ssl import CERT_NONE, SSLContext

from urllib3.util.ssl_ import create_urllib3_context

ssl.create_default_context()  # finds: use:TLS
ssl._create_unverified_context()  # finds: use:TLS disabled-certificate-check
SSLContext(ssl.PROTOCOL_TLSv1)  # finds: use:TLSv1.0 weak-protocol disabled-certificate-check
SSLContext(ssl.PROTOCOL_SSLv3)  # finds: use:SSLv3 weak-protocol
ssl._create_default_https_context = ssl._create_unverified_context  # finds: disabled-certificate-check


def unchecked():
    context = ssl.create_default_context()  # finds: use:TLS
    context.check_hostname = False  # finds: disabled-certificate-check
    context.verify_mode = CERT_NONE  # finds: disabled-certificate-check
    context.minimum_version = ssl.TLSVersion.TLSv1_1  # finds: use:TLSv1.1 weak-protocol
    return context


def checked():
    context = ssl.create_default_context()  # finds: use:TLS
    context.check_hostname = True
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # finds: use:TLSv1.3
    return context


def old(socket):
    ssl.wrap_socket(socket, ssl_version=ssl.PROTOCOL_TLSv1_2, cert_reqs=ssl.CERT_REQUIRED)  # finds: use:TLSv1.2
    ssl.wrap_socket(socket)  # finds: use:TLS disabled-certificate-check


class Context:
    def __init__(self):
        self.check_hostname = False


def any_version():
    return ssl.SSLContext(ssl.PROTOCOL_TLS)  # finds: use:TLS weak-protocol disabled-certificate-check


def too_few_refused():
    context = ssl.SSLContext(ssl.PROTOCOL_SSLv23)  # finds: use:TLS weak-protocol
    context.options |= ssl.OP_NO_SSLv3 | ssl.OP_NO_TLSv1
    context.verify_mode = ssl.CERT_REQUIRED


def old_ones_refused():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS)  # finds: use:TLS
    context.options |= ssl.OP_NO_SSLv3
    context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1 | ssl.OP_NO_COMPRESSION
    context.load_cert_chain("server.pem")


def client():
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # finds: use:TLS


ssl.match_hostname = lambda certificate, name: True  # finds: disabled-certificate-check


def of_others(protocol):
    gevent.ssl.create_default_context()  # finds: use:TLS
    context = create_urllib3_context()  # finds: use:TLS
    context.check_hostname = False  # finds: disabled-certificate-check
    context.load_default_certs()


def suites():
    context = ssl.SSLContext(ssl.PROTOCOL_TLSv1_1)  # finds: use:TLSv1.1 weak-protocol disabled-certificate-check
    context.set_ciphers("RC4-SHA")  # finds: use:RC4 weak-cipher
    context.check_hostname = False  # finds: use:TLSv1.1 disabled-certificate-check
    context.maximum_version = ssl.TLSVersion.TLSv1_1  # finds: use:TLSv1.1 weak-protocol
    context.maximum_version = ssl.TLSVersion.TLSv1_3


def least():
    chosen = ssl.TLSVersion.TLSv1
    return chosen


def with_least():
    context = ssl.create_default_context()  # finds: use:TLS
    context.minimum_version = least()  # finds: use:TLSv1.0 weak-protocol
    return context


def suites():
    context = ssl.create_default_context()  # finds: use:TLS
    context.set_ciphers("ECDH+3DES:RSA+HIGH")  # finds: use:3DES weak-cipher
    context.set_ciphers("NULL+SHA")  # finds: use:NULL weak-cipher
    context.set_ciphers("ECDH+AESGCM:!3DES")  # finds: use:TLS


def curves(context: ssl.SSLContext):
    context.set_ecdh_curve("prime192v1")  # finds: use:ECDH weak-key-size
    context.set_ecdh_curve("prime256v1")  # finds: use:ECDH
    context.set_ecdh_curve("ffdhe2048")  # finds: use:ECDH


def drawn():
    iv = ssl.RAND_bytes(16)  # finds: use:CSPRNG
    key = ssl.RAND_pseudo_bytes(16)  # finds: weak-random
    return iv, key


def with_names():
    context = ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)  # finds: use:TLSv1.2
    context.check_hostname = True
    return context


def several():
    checked = ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)  # finds: use:TLSv1.2
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)  # finds: use:TLSv1.2 disabled-certificate-check
    checked.verify_mode = ssl.CERT_REQUIRED
    of_any_version = ssl.SSLContext(ssl.PROTOCOL_TLS)  # finds: use:TLS weak-protocol
    of_any_version.load_verify_locations("authorities.pem")
    made_elsewhere = unset()
    made_elsewhere.verify_mode = ssl.CERT_REQUIRED
    return checked, unchecked, of_any_version, made_elsewhere


def unset():
    return ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)  # finds: use:TLSv1.2


def of_any_version():
    return ssl.SSLContext(ssl.PROTOCOL_TLS)  # finds: use:TLS weak-protocol disabled-certificate-check


def as_it_comes():
    return of_any_version()


def with_old_ones_refused():
    context = of_any_version()
    context.options |= ssl.OP_NO_SSLv3 | ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def opened(host, version=ssl.PROTOCOL_SSLv3):  # finds: use:SSLv3 weak-protocol
    return host.opened(version)


def given(host, adapter):
    adapter(host, protocol=ssl.PROTOCOL_TLSv1)  # finds: use:TLSv1.0 weak-protocol
    adapter(host, protocol=ssl.PROTOCOL_TLS_CLIENT)
    return host.version == ssl.PROTOCOL_TLSv1
