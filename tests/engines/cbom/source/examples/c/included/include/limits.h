#define ROUNDS (10 * 1000)
#define DIGEST() EVP_md5()
