extern const unsigned char application_iv[16];
enum bits { SHORT = 512, LONG = 4096 };

typedef struct {
    unsigned char key[16];
    int bits;
} settings_t;

void encrypt_with(const unsigned char *key, const unsigned char *iv);
