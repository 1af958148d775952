package io.millrace.client.core;

/** What a {@link FakeNode} does wrong, each per mille of its occasions. */
final class Faults {
    static final Faults NONE = new Faults();

    int cut;
    int restart;
    int refuse;
    int duplicateIn;
    int duplicateOut;
    int loseAnswer;
    int chainChange;
    int backPressure;

    static Faults all(final int perMille) {
        final Faults faults = new Faults();
        faults.cut = perMille;
        faults.restart = perMille;
        faults.refuse = 3 * perMille;
        faults.duplicateIn = 3 * perMille;
        faults.duplicateOut = 3 * perMille;
        faults.loseAnswer = perMille;
        faults.chainChange = perMille;
        faults.backPressure = 20 * perMille;
        return faults;
    }
}
