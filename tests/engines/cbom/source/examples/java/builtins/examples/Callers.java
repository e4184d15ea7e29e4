package examples;

import policies.Keys;

/** Shows how keys are made. */
class Callers {
    void show() {
        Keys.of("a key of an example");
    }
}
