import paramiko
from paramiko.client import AutoAddPolicy

client = paramiko.SSHClient()  # finds: use:SSH
client.load_system_host_keys()
client.set_missing_host_key_policy(paramiko.RejectPolicy())
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())  # finds: disabled-certificate-check
client.set_missing_host_key_policy(AutoAddPolicy)  # finds: disabled-certificate-check
client.set_missing_host_key_policy(paramiko.WarningPolicy)  # finds: disabled-certificate-check
paramiko.RSAKey.generate(4096)  # finds: use:RSA
paramiko.RSAKey.generate(1024)  # finds: use:RSA weak-key-size
paramiko.DSSKey.generate()  # finds: use:DSA weak-key-size
paramiko.Ed25519Key.from_private_key_file("key")  # finds: use:Ed25519

paramiko.ECDSAKey.generate(bits=384)  # finds: use:ECDSA


class Trusting(paramiko.MissingHostKeyPolicy):
    def missing_host_key(self, client, hostname, key):  # finds: disabled-certificate-check
        pass


class Asking(paramiko.MissingHostKeyPolicy):
    def missing_host_key(self, client, hostname, key):
        if not ask(hostname, key):
            raise paramiko.SSHException(hostname)


paramiko.RSAKey.generate(3072).write_private_key_file("key", password="changeit")  # finds: use:RSA hardcoded-key
