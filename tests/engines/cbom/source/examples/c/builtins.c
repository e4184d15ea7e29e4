#include <stdlib.h>

int dice(void) { return rand() % 6 + 1; }

void secrets(char *out) {
    int token = rand(); // finds: weak-random
    int other = rand();
    arc4random_buf(out, 16); // finds: use:CSPRNG
    (void)token;
    (void)other;
}
