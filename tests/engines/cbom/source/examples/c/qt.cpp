#include <QCryptographicHash>
#include <QMessageAuthenticationCode>
#include <QNetworkRequest>
#include <QPasswordDigestor>
#include <QRandomGenerator>
#include <QSslConfiguration>
#include <QSslSocket>

void all(QByteArray data, QSslSocket *socket, QNetworkRequest &request) {
    QCryptographicHash::hash(data, QCryptographicHash::Md5); // finds: use:MD5 weak-hash
    QCryptographicHash digest(QCryptographicHash::Algorithm::Sha1); // finds: use:SHA-1 weak-hash
    auto good = std::make_unique<QCryptographicHash>(QCryptographicHash::Sha256); // finds: use:SHA-256
    QMessageAuthenticationCode::hash(data, QByteArray("secret"), QCryptographicHash::Sha256); // finds: use:HMAC-SHA-256 hardcoded-key
    QPasswordDigestor::deriveKeyPbkdf2(QCryptographicHash::Sha256, data, data, 1000, 32); // finds: use:PBKDF2 low-kdf-iterations
    QSslConfiguration config = QSslConfiguration::defaultConfiguration();
    config.setPeerVerifyMode(QSslSocket::VerifyNone); // finds: use:TLS disabled-certificate-check
    config.setProtocol(QSsl::TlsV1_0); // finds: use:TLSv1.0 weak-protocol
    socket->setPeerVerifyMode(QSslSocket::VerifyPeer); // finds: use:TLS
    socket->ignoreSslErrors(); // finds: use:TLS disabled-certificate-check
    auto other = request.sslConfiguration();
    other.setPeerVerifyMode(QSslSocket::VerifyNone); // finds: use:TLS disabled-certificate-check
    quint32 token = QRandomGenerator::system()->generate(); // finds: use:CSPRNG
    QRandomGenerator seeded(1234);
    quint32 password = seeded.generate(); // finds: weak-random
    int dice = seeded.bounded(6);
}

struct Settings {
    void setPeerVerifyMode(int) {}
};
void own(Settings settings) { settings.setPeerVerifyMode(QSslSocket::VerifyNone); }

class EXAMPLE_EXPORT Window : public QObject {
    Q_OBJECT
public:
    explicit Window(QObject *parent = nullptr) : QObject(parent), m_manager(new QNetworkAccessManager(this)) {
        connect(m_manager, &QNetworkAccessManager::sslErrors, this, [](QNetworkReply *reply, const QList<QSslError> &) { reply->ignoreSslErrors(); }); // finds: use:TLS disabled-certificate-check
    }

public slots:
    QByteArray sealed(EVP_CIPHER_CTX *ctx, const unsigned char *key) {
        QByteArray iv(16, 0);
        EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), nullptr, key, (const unsigned char *)iv.constData()); // finds: use:AES static-iv
        return iv;
    }

signals:
    void done();

private:
    QNetworkAccessManager *m_manager;
};

void fingerprint(const QSslCertificate &certificate) {
    certificate.digest(QCryptographicHash::Sha1); // finds: use:SHA-1 weak-hash
    certificate.digest(QCryptographicHash::Sha256); // finds: use:SHA-256
}

void accepted(QNetworkReply *reply, const QList<QSslError> &errors) {
    Q_UNUSED(errors)
    reply->ignoreSslErrors(); // finds: use:TLS disabled-certificate-check
}

void keys(const QByteArray &data, QSslSocket *socket, QSslConfiguration configuration, const QString &suites) {
    QSslKey rsa(data, QSsl::Rsa); // finds: use:RSA
    auto other = QSslKey(data, QSsl::Ec, QSsl::Pem, QSsl::PrivateKey, "hunter2"); // finds: use:EC hardcoded-key
    QSslKey copy(rsa);
    configuration.setCiphers(suites); // finds: use:TLS
    socket->peerCertificate().digest(QCryptographicHash::Sha256); // finds: use:SHA-256
}

void qca(const QByteArray &data, const QString &type, const QByteArray &key, const QCA::SecureArray &salt) {
    QCA::Cipher weak("aes128", QCA::Cipher::ECB, QCA::Cipher::DefaultPadding, QCA::Encode, key); // finds: use:AES ecb-mode
    QCA::Cipher given(type, QCA::Cipher::CBC, QCA::Cipher::NoPadding, QCA::Encode, key, QCA::InitializationVector(QByteArray("0"))); // finds: use: static-iv
    auto hash = QCA::Hash("sha256").hash(data).toByteArray(); // finds: use:SHA-256
    QCA::MessageAuthenticationCode mac("hmac(sha1)", QCA::SymmetricKey(key)); // finds: use:HMAC-SHA-1
    QCA::PrivateKey pair = QCA::KeyGenerator().createRSA(1024); // finds: use:RSA weak-key-size
    QCA::DHPrivateKey mine = QCA::KeyGenerator().createDH(group).toDH(); // finds: use:DH
    auto derived = QCA::PBKDF2("sha256").makeKey(data, salt, 32, 1000); // finds: use:PBKDF2 low-kdf-iterations
    QCA::InitializationVector random(8);
}
