import functools
import os
import ssl

import aiohttp
import docker
import httpx
import hvac
import pycurl
import requests
import ldap
import urllib3

requests.get("https://example.org")
requests.get("https://example.org", verify=True)
requests.get("https://example.org", verify="/etc/authority.pem")
requests.get("https://example.org", verify=False)  # finds: disabled-certificate-check
requests.request("GET", "https://example.org", verify=False)  # finds: disabled-certificate-check
httpx.Client(verify=False)  # finds: disabled-certificate-check
aiohttp.TCPConnector(ssl=False)  # finds: disabled-certificate-check
urllib3.PoolManager(cert_reqs="CERT_NONE")  # finds: disabled-certificate-check
urllib3.PoolManager(cert_reqs="CERT_REQUIRED")

session = requests.Session()
session.post("https://example.org", verify=False)  # finds: disabled-certificate-check
session.verify = False  # finds: disabled-certificate-check
OPTIONS = {"timeout": 3, "verify": False}
requests.put("https://example.org", **OPTIONS)  # finds: disabled-certificate-check


def fetched(url, verify=True):
    return requests.get(url, verify=verify)


def lax(url):
    return fetched_with(url, False)


def fetched_with(url, verify):
    return requests.get(url, verify=verify)  # finds: disabled-certificate-check


class Document:
    def get(self, name, verify=False):
        return name


Document().get("x", verify=False)


def through_a_session_that_is_not_followed(session, cache):
    session.get("https://example.org", verify=False)  # finds: disabled-certificate-check
    session.post("https://example.org", verify=True)
    cache.validate("x", verify=False)
    connect(ssl_version=ssl.PROTOCOL_SSLv3, cert_reqs=ssl.CERT_NONE)  # finds: use:SSLv3 weak-protocol disabled-certificate-check
    connect(tlsAllowInvalidCertificates=True)  # finds: disabled-certificate-check


os.environ["PYTHONHTTPSVERIFY"] = "0"  # finds: disabled-certificate-check
os.environ["CURL_CA_BUNDLE"] = ""  # finds: disabled-certificate-check
os.environ["CURL_CA_BUNDLE"] = "/etc/ssl/authority.pem"
ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_NEVER)  # finds: disabled-certificate-check
ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)


async def fetch(client, url, curl):
    await client.fetch(url, validate_cert=False)  # finds: disabled-certificate-check
    await client.fetch(url, validate_cert=True)
    handle = pycurl.Curl()
    handle.setopt(handle.SSL_VERIFYPEER, 0)  # finds: disabled-certificate-check
    handle.setopt(handle.TIMEOUT, 0)
    hvac.Client(url=url, verify=False)  # finds: disabled-certificate-check
    hvac.Client(url=url)

insecure_get = functools.partial(requests.get, verify=False)  # finds: disabled-certificate-check:TLS
insecure_get("https://example.org")
patient_get = functools.partial(requests.get, timeout=60)
patient_get("https://example.org", verify=False)  # finds: disabled-certificate-check

docker.tls.TLSConfig(verify=False)  # finds: disabled-certificate-check
KafkaProducer(bootstrap_servers="broker:9093", ssl_check_hostname=False)  # finds: disabled-certificate-check
KafkaProducer(bootstrap_servers="broker:9093", ssl_check_hostname=True)


class Careless(requests.Session):
    verify = False  # finds: disabled-certificate-check


def database(uri, checked):
    pymongo.MongoClient(uri, tls=True, tlsAllowInvalidCertificates=True)  # finds: disabled-certificate-check
    options = {"tls": True, "tlsAllowInvalidHostnames": True}
    pymongo.MongoClient(uri, **options)  # finds: disabled-certificate-check
    pymongo.MongoClient(uri, tls=True, tlsAllowInvalidCertificates=False)
