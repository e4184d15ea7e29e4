import ssl

import clickhouse_driver
import httplib2
import jira
import minio
import neo4j
import pymysql
import pysftp
import snowflake.connector
import splunklib.client
import winrm
from cassandra.cluster import Cluster
from duo_client import Auth
from pyVim.connect import SmartConnect, SmartConnectNoSSL
from twisted.internet.ssl import CertificateOptions, ClientContextFactory, optionsForClientTLS


def unchecked(host, user):
    pymysql.connect(host=host, ssl={"verify_mode": ssl.CERT_NONE})  # finds: disabled-certificate-check
    pymysql.connect(host=host, ssl={"check_hostname": False})  # finds: disabled-certificate-check
    Cluster([host], ssl_options={"cert_reqs": ssl.CERT_NONE})  # finds: disabled-certificate-check
    jira.JIRA(options={"server": host, "verify": False})  # finds: disabled-certificate-check
    clickhouse_driver.Client(host, secure=True, verify=False)  # finds: disabled-certificate-check
    splunklib.client.connect(host=host, verify=False)  # finds: disabled-certificate-check
    minio.Minio(host, cert_check=False)  # finds: disabled-certificate-check
    httplib2.Http(disable_ssl_certificate_validation=True)  # finds: disabled-certificate-check
    winrm.Session(host, auth=user, server_cert_validation="ignore")  # finds: disabled-certificate-check
    SmartConnectNoSSL(host=host)  # finds: disabled-certificate-check
    SmartConnect(host=host, disableSslCertValidation=True)  # finds: disabled-certificate-check
    snowflake.connector.connect(user=user, insecure_mode=True)  # finds: disabled-certificate-check
    neo4j.GraphDatabase.driver(host, trust=neo4j.TRUST_ALL_CERTIFICATES)  # finds: disabled-certificate-check
    Auth(ikey="a", skey=user, host=host, ca_certs="DISABLE")  # finds: disabled-certificate-check
    ClientContextFactory()  # finds: use:TLS disabled-certificate-check
    CertificateOptions(verify=False)  # finds: use:TLS disabled-certificate-check
    options = pysftp.CnOpts()
    options.hostkeys = None  # finds: use:SSH disabled-certificate-check
    pysftp.Connection(host, username=user, cnopts=options)  # finds: use:SSH


def checked(host, user):
    pymysql.connect(host=host, ssl={"ca": "authorities.pem"})
    Cluster([host], ssl_options={"cert_reqs": ssl.CERT_REQUIRED})
    jira.JIRA(options={"server": host, "verify": "authorities.pem"})
    clickhouse_driver.Client(host, secure=True)
    minio.Minio(host)
    httplib2.Http()
    winrm.Session(host, auth=user, server_cert_validation="validate")
    SmartConnect(host=host)
    neo4j.GraphDatabase.driver(host)
    optionsForClientTLS(host)  # finds: use:TLS
    CertificateOptions(user)  # finds: use:TLS
