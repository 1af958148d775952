package io.millrace.server.host;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel's release number, and what is known of its scheduler.
 *
 * <p>Linux 6.18 before 6.18.45 lets a busy task group starve every runnable task outside of it, among them the kernel
 * workers that complete direct I/O: durable writes hang for seconds. The same change went into other branches; which of
 * their releases have the revert was not established, so they are reported as possibly affected.
 *
 * @param major for example 6.
 * @param minor for example 18.
 * @param patch for example 44.
 */
record KernelVersion(int major, int minor, int patch) {
    /** How sure it is that the kernel has the fault. */
    enum SchedulerFault {
        /** It does not have it. */
        ABSENT,
        /** Its branch had it at some time. */
        POSSIBLE,
        /** It has it. */
        PRESENT
    }

    private static final Pattern RELEASE =
            Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?:\\.(\\d{1,6}))?.*", Pattern.DOTALL);

    /**
     * Reads a release.
     *
     * @param release as in {@code /proc/sys/kernel/osrelease}.
     * @return 0.0.0 when it is not understood.
     */
    static KernelVersion parse(final String release) {
        final Matcher matcher = RELEASE.matcher(release);
        if (!matcher.matches()) {
            return new KernelVersion(0, 0, 0);
        }
        final String patch = matcher.group(3);
        return new KernelVersion(
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                patch == null ? 0 : Integer.parseInt(patch));
    }

    /**
     * Tells whether busy groups starve others.
     *
     * @return as far as known.
     */
    SchedulerFault schedulerFault() {
        if (major != 6 || minor < 6) {
            return SchedulerFault.ABSENT;
        }
        if (minor == 18) {
            return patch < 45 ? SchedulerFault.PRESENT : SchedulerFault.ABSENT;
        }
        final boolean branchHadIt = minor == 6 || minor == 12 || (minor >= 13 && minor <= 17) || minor == 19;
        return branchHadIt ? SchedulerFault.POSSIBLE : SchedulerFault.ABSENT;
    }
}
