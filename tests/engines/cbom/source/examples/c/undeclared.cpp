#include <QSslSocket>
#include "client.h"

void Client::open() {
    m_socket->setPeerVerifyMode(QSslSocket::VerifyNone); // finds: disabled-certificate-check
    m_socket->setPeerVerifyMode(QSslSocket::VerifyPeer);
    m_reply->ignoreSslErrors(); // finds: disabled-certificate-check
    m_reply->ignoreSslErrors(expected);
    m_configuration.setProtocol(QSsl::TlsV1_0); // finds: use:TLSv1.0 weak-protocol
    m_configuration.setProtocol(QSsl::TlsV1_2);
    m_player.setProtocol(protocols.first());
}
