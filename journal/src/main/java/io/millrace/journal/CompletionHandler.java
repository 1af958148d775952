package io.millrace.journal;

/**
 * Takes the completions of a {@link BlockDevice}, on the thread that polls it.
 *
 * <p><b>Threading</b>: device thread. Nothing may be thrown; submitting from inside is allowed, polling is not.
 */
@FunctionalInterface
public interface CompletionHandler {
    /**
     * Is called once for every write or read that was submitted.
     *
     * @param token as given when it was submitted
     * @param result bytes transferred, or a negative errno
     */
    void onCompletion(long token, int result);
}
