package io.millrace.control;

import org.jspecify.annotations.Nullable;

/**
 * A request that has no answer yet, or whose answer has not gone out yet.
 *
 * <p><b>Threading:</b> the device thread of chain 0.
 *
 * @param <S> the carrier's session, see {@link Reply}.
 */
final class WaitingRequest<S> {
    final RequestKey key;
    final int templateId;
    final long commandHash;
    final String subject;
    final byte[] command;
    final long sinceNs;

    /** Of a truncation whose cut is not checked yet: it must not be appended. */
    long @Nullable [] cutSegmentIds;

    long @Nullable [] cutOffsets;
    boolean isTimed;
    long dueNs;
    S session;
    int result;
    long streamId;
    long detail;

    /**
     * Holds a request.
     *
     * @param key whose.
     * @param templateId of the frame it came in.
     * @param commandHash hash of the command's bytes.
     * @param subject what it is about, for the text of a refusal.
     * @param command encoded, to be appended again.
     * @param session to answer to.
     * @param sinceNs when it came.
     */
    WaitingRequest(
            final RequestKey key,
            final int templateId,
            final long commandHash,
            final String subject,
            final byte[] command,
            final S session,
            final long sinceNs) {
        this.sinceNs = sinceNs;
        this.key = key;
        this.templateId = templateId;
        this.commandHash = commandHash;
        this.subject = subject;
        this.command = command;
        this.session = session;
    }
}
