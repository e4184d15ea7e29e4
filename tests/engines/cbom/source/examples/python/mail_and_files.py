import ssl

import ftplib
import imaplib
import nntplib
import poplib
import smtplib
from smtplib import SMTP


def unchecked(host, port):
    smtplib.SMTP_SSL(host, port)  # finds: use:TLS disabled-certificate-check
    server = SMTP(host, port)
    server.starttls()  # finds: use:TLS disabled-certificate-check
    context = None
    imaplib.IMAP4_SSL(host, ssl_context=context)  # finds: use:TLS disabled-certificate-check
    imaplib.IMAP4(host).starttls()  # finds: use:TLS disabled-certificate-check
    poplib.POP3_SSL(host, timeout=5)  # finds: use:TLS disabled-certificate-check
    poplib.POP3(host).stls(context=None)  # finds: use:TLS disabled-certificate-check
    ftplib.FTP_TLS(host)  # finds: use:TLS disabled-certificate-check
    nntplib.NNTP_SSL(host)  # finds: use:TLS disabled-certificate-check
    nntplib.NNTP(host).starttls()  # finds: use:TLS disabled-certificate-check
    with smtplib.SMTP(host) as mail:
        mail.ehlo()
        mail.starttls()  # finds: use:TLS disabled-certificate-check


def checked(host, port, given):
    context = ssl.create_default_context()  # finds: use:TLS
    smtplib.SMTP_SSL(host, port, context=context)  # finds: use:TLS
    server = SMTP(host, port)
    server.starttls(context=given)  # finds: use:TLS
    imaplib.IMAP4_SSL(host, ssl_context=context)  # finds: use:TLS
    imaplib.IMAP4(host).starttls(context)  # finds: use:TLS
    poplib.POP3_SSL(host, context=context)  # finds: use:TLS
    poplib.POP3(host).stls(context)  # finds: use:TLS
    ftplib.FTP_TLS(host, context=context)  # finds: use:TLS
    nntplib.NNTP_SSL(host, ssl_context=context)  # finds: use:TLS


def plain(host):
    smtplib.SMTP(host).login("user", "word")
    ftplib.FTP(host)


class Mail:
    def starttls(self):
        return self


Mail().starttls()
