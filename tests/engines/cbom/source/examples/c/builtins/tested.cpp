#include "sealing_test.h"
#include <openssl/evp.h>
#include <QSslSocket>

TEST_F(SealingTest, SealsWithAKeyOfItsOwn) {
    QSslSocket socket; // finds: use:TLS
    socket.setPeerVerifyMode(QSslSocket::VerifyNone); // finds: use:TLS
    EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, (const unsigned char *)"0123456789abcdef", (const unsigned char *)"0123456789ab"); // finds: use:AES
    EVP_md5(); // finds: use:MD5 weak-hash
}
