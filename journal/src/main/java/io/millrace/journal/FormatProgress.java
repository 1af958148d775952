package io.millrace.journal;

/**
 * Is told how far a format is.
 *
 * <p><b>Threading</b>: the thread that formats.
 */
@FunctionalInterface
public interface FormatProgress {
    /**
     * Is called now and then while zeros are written.
     *
     * @param doneBytes written so far
     * @param totalBytes to be written
     */
    void onProgress(long doneBytes, long totalBytes);
}
