package io.millrace.server.metric;

import java.time.Instant;

/**
 * Whether the node of a counters file lives, told from outside and without rights: by its process and by the age of its
 * last values.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param state of the node.
 * @param processId of the process that wrote the file.
 * @param startedNs when that process began, nanoseconds since 1970.
 * @param ageNs since it last wrote.
 */
public record NodeStatus(State state, long processId, long startedNs, long ageNs) {
    /** Label of the process's number. */
    public static final String PROCESS_ID = "process.id";

    /** Label of the process's start. */
    public static final String PROCESS_START = "process.start.time.ns";

    /** Label of when the values were taken. */
    public static final String UPDATED = "updated.time.ns";

    /** Label of 1 once the node has ended in order. */
    public static final String STOPPED = "stopped";

    private static final long RESPONDING_NS = 2_000_000_000L;
    private static final long SAME_START_NS = 1_500_000_000L;
    private static final long NANOS = 1_000_000_000L;

    /** What can be said from outside. */
    public enum State {
        /** The process lives and its device thread turns. */
        RUNNING,
        /** The process lives, its values are old: paused, or hanging. */
        NOT_RESPONDING,
        /** It ended in order. */
        STOPPED,
        /** It is gone and has not said goodbye. */
        DEAD
    }

    /**
     * Looks at the process.
     *
     * @param metrics of the counters file.
     * @param nowNs nanoseconds since 1970.
     * @return what there is to say.
     */
    public static NodeStatus of(final FileMetrics metrics, final long nowNs) {
        final long processId = metrics.value(PROCESS_ID);
        final long startedNs = metrics.value(PROCESS_START);
        final long ageNs = Math.max(0, nowNs - metrics.value(UPDATED));
        final boolean fresh = ageNs < RESPONDING_NS;
        final State state;
        if (metrics.value(STOPPED) != 0) {
            state = State.STOPPED;
        } else if (isAlive(processId, startedNs)) {
            state = fresh ? State.RUNNING : State.NOT_RESPONDING;
        } else {
            state = State.DEAD;
        }
        return new NodeStatus(state, processId, startedNs, ageNs);
    }

    /** The number alone proves nothing: it may have become another process's. */
    private static boolean isAlive(final long processId, final long startedNs) {
        return processId > 0
                && ProcessHandle.of(processId)
                        .filter(ProcessHandle::isAlive)
                        .flatMap(process -> process.info().startInstant())
                        .filter(start -> Math.abs(nanoseconds(start) - startedNs) < SAME_START_NS)
                        .isPresent();
    }

    /**
     * Turns an instant into nanoseconds since 1970.
     *
     * @param instant of this century.
     * @return nanoseconds.
     */
    public static long nanoseconds(final Instant instant) {
        return instant.getEpochSecond() * NANOS + instant.getNano();
    }

    /**
     * Says it for people.
     *
     * @return for example {@code running (process 4711), values 0.1 s old}.
     */
    public String text() {
        final String age = String.format(java.util.Locale.ROOT, "%.1f s", ageNs / (double) NANOS);
        return switch (state) {
            case RUNNING -> "running (process " + processId + "), values " + age + " old";
            case NOT_RESPONDING -> "not responding (process " + processId + " lives), values " + age + " old";
            case STOPPED -> "stopped in order " + age + " ago (was process " + processId + ")";
            case DEAD -> "dead (was process " + processId + "), last seen " + age + " ago";
        };
    }
}
