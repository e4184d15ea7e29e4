typedef struct options {
    int old;
    int other;
} options_t;

extern options_t options;
