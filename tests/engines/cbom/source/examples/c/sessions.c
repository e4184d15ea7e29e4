#include <libssh2.h>
#include <libssh/libssh.h>
#include <s2n.h>

int opens(int socket) {
    LIBSSH2_SESSION *session = libssh2_session_init(); // finds: use:SSH
    libssh2_session_set_blocking(session, 1);
    if (libssh2_session_handshake(session, socket)) // finds: use:SSH
        return -1;
    ssh_session other = ssh_new(); // finds: use:SSH
    ssh_options_set(other, SSH_OPTIONS_HOST, "localhost");
    return ssh_connect(other); // finds: use:SSH
}

struct s2n_config *secures(void) {
    struct s2n_config *config = s2n_config_new(); // finds: use:TLS
    s2n_config_set_cipher_preferences(config, "default_tls13"); // finds: use:TLS
    return config;
}

void trusts_all(struct s2n_config *config) {
    s2n_config_disable_x509_verification(config); // finds: use:TLS disabled-certificate-check
}
