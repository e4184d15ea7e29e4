#include <aws/core/Aws.h>
#include <esp_http_client.h>
#include <hiredis_ssl.h>
#include <jwt.h>
#include <ldap.h>
#include <librdkafka/rdkafka.h>
#include <mongoc/mongoc.h>
#include <mosquitto.h>
#include <MQTTClient.h>
#include <sqlite3.h>
#include <zip.h>

void queues(struct mosquitto *client, rd_kafka_conf_t *conf, char *error) {
    mosquitto_tls_insecure_set(client, true); // finds: disabled-certificate-check
    mosquitto_tls_insecure_set(client, false);
    mosquitto_tls_opts_set(client, 0, NULL, NULL); // finds: disabled-certificate-check
    mosquitto_tls_opts_set(client, 1, "tlsv1.1", NULL); // finds: use:TLS use:TLSv1.1 weak-protocol
    mosquitto_tls_opts_set(client, 1, "tlsv1.2", NULL); // finds: use:TLS
    MQTTClient_SSLOptions tls;
    tls.enableServerCertAuth = 0; // finds: disabled-certificate-check
    tls.enableServerCertAuth = 1; // finds: use:TLS
    rd_kafka_conf_set(conf, "enable.ssl.certificate.verification", "false", error, 100); // finds: disabled-certificate-check
    rd_kafka_conf_set(conf, "enable.ssl.certificate.verification", "true", error, 100);
}

void databases(LDAP *directory, const char *password) {
    int never = LDAP_OPT_X_TLS_NEVER, demand = LDAP_OPT_X_TLS_DEMAND;
    ldap_set_option(directory, LDAP_OPT_X_TLS_REQUIRE_CERT, &never); // finds: disabled-certificate-check
    ldap_set_option(directory, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand); // finds: use:TLS
    redisSSLOptions options = {0};
    options.verify_mode = REDIS_SSL_VERIFY_NONE; // finds: disabled-certificate-check
    mongoc_ssl_opt_t weak = {0};
    weak.weak_cert_validation = true; // finds: disabled-certificate-check
    weak.allow_invalid_hostname = false;
    sqlite3 *database;
    sqlite3_key(database, "a secret", 8); // finds: use:AES hardcoded-key
    sqlite3_key_v2(database, "main", password, 8); // finds: use:AES
}

void others(zip_t *archive, const char *password, jwt_t *made, const char *text, const unsigned char *key) {
    Aws::Client::ClientConfiguration cloud;
    cloud.verifySSL = false; // finds: disabled-certificate-check
    esp_http_client_config_t request = {};
    request.skip_cert_common_name_check = true; // finds: disabled-certificate-check
    credentials.set_verify_server_certs(false); // finds: disabled-certificate-check
    drogon::HttpClient::newHttpClient("https://example.org", nullptr, false, false); // finds: disabled-certificate-check
    zip_file_set_encryption(archive, 0, ZIP_EM_AES_256, "a secret"); // finds: use:AES hardcoded-key
    zip_file_set_encryption(archive, 0, ZIP_EM_TRAD_PKWARE, password); // finds: weak-cipher
    jwt_set_alg(made, JWT_ALG_HS256, (unsigned char *)"a secret", 8); // finds: use:HMAC-SHA-256 hardcoded-key
    jwt_set_alg(made, JWT_ALG_NONE, NULL, 0); // finds: use:JSON_Web_Signature unverified-signature
    jwt_decode(&made, text, NULL, 0); // finds: unverified-signature
    jwt_decode(&made, text, key, 32); // finds: use:JSON_Web_Signature
}

redisSSLOptions from_the_start = {
    .cacert_filename = "ca.pem",
    .verify_mode = REDIS_SSL_VERIFY_NONE, // finds: disabled-certificate-check
};

void initialized() {
    redisSSLOptions checked = {.verify_mode = REDIS_SSL_VERIFY_PEER}; // finds: use:TLS
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    tls.enableServerCertAuth = 0; // finds: disabled-certificate-check
}
