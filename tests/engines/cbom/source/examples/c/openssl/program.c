#include "names.h"

int main(void) {
    const char *key;
    goto source;
source:
    key = "0123456789abcdef0123456789abcdef";
    keys_set(0, key);
    return 0;
}
