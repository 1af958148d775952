package io.millrace.server.host;

import io.millrace.codec.ErrorCode;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.configuration.Units;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares what the host offers with what the settings ask for. A limit that would make the settings a lie refuses the
 * start; what only costs latency is a warning.
 *
 * <p><b>Threading:</b> pure.
 */
public final class HostChecks {
    private static final String UNIT_HINT = "in a systemd unit: ";
    private static final long FILES_OF_THE_NODE = 256;
    private static final long FILES_PER_SESSION = 3;
    private static final int FEW_CPUS = 2;

    private final NodeConfiguration configuration;
    private final HostFacts host;
    private final Budget budget;
    private final List<Finding> findings = new ArrayList<>();

    private HostChecks(final NodeConfiguration configuration, final HostFacts host, final Budget budget) {
        this.configuration = configuration;
        this.host = host;
        this.budget = budget;
    }

    /**
     * Checks the host.
     *
     * @param configuration what is asked for.
     * @param host what there is.
     * @param budget of the configuration.
     * @param sharedFreeBytes free where the media driver's files will lie.
     * @param diskFreeBytes free where the journal will lie; of several devices that of the fullest file system, times
     *     the devices of the node, divided by those on it.
     * @param mustFormatJournal whether the journal's bytes are still to be taken from the disk.
     * @return findings, refusals first.
     */
    public static List<Finding> check(
            final NodeConfiguration configuration,
            final HostFacts host,
            final Budget budget,
            final long sharedFreeBytes,
            final long diskFreeBytes,
            final boolean mustFormatJournal) {
        final HostChecks checks = new HostChecks(configuration, host, budget);
        checks.ioUring();
        checks.lockedMemory();
        checks.openFiles();
        checks.memory();
        checks.sharedMemory(sharedFreeBytes);
        if (mustFormatJournal) {
            checks.disk(diskFreeBytes);
        }
        checks.scheduler();
        checks.receiveBuffer();
        checks.idlePolicy();
        checks.findings.sort((left, right) -> right.severity().compareTo(left.severity()));
        return checks.findings;
    }

    private void scheduler() {
        final KernelVersion.SchedulerFault fault =
                KernelVersion.parse(host.kernel()).schedulerFault();
        if (fault == KernelVersion.SchedulerFault.ABSENT) {
            return;
        }
        final String kernel = "kernel " + host.kernel()
                + (fault == KernelVersion.SchedulerFault.PRESENT ? " lets" : " may let")
                + " a busy task group starve the workers that complete writes: durable writes can hang for seconds";
        if (host.autogroup() == 1) {
            warn(
                    ErrorCode.SCHEDULER_FAULT,
                    kernel + " (kernel.sched_autogroup_enabled = 1)",
                    "stop the node, run 'sysctl -w kernel.sched_autogroup_enabled=0' and start it again");
        }
        if (!host.cpuGroup().isEmpty() && !"/".equals(host.cpuGroup())) {
            warn(
                    ErrorCode.SCHEDULER_FAULT,
                    kernel + " (cpu control group " + host.cpuGroup() + ")",
                    "start the node in the root cpu control group: 'echo $$ > /sys/fs/cgroup/cgroup.procs',"
                            + " or use kernel 6.18.45 or later");
        }
    }

    private void ioUring() {
        final boolean forbidden = host.ioUringDisabled() == 2 || (host.ioUringDisabled() == 1 && !host.privileged());
        final String backend = configuration.text(Setting.JOURNAL_BACKEND);
        if (!forbidden || "channel".equals(backend)) {
            return;
        }
        final String mend = "run 'sysctl -w kernel.io_uring_disabled=0'";
        final String what = "kernel.io_uring_disabled = " + host.ioUringDisabled();
        if ("uring".equals(backend)) {
            refuse(ErrorCode.IO_URING_DENIED, what + " and journal.backend = uring", mend);
        } else {
            warn(ErrorCode.IO_URING_DENIED, what + ": the journal falls back to the slower file channel", mend);
        }
    }

    private void lockedMemory() {
        final long limit = host.lockedMemoryLimit();
        final boolean usesUring = !"channel".equals(configuration.text(Setting.JOURNAL_BACKEND));
        if (usesUring && limit != HostFacts.UNKNOWN && limit < budget.lockedBytes()) {
            refuse(
                    ErrorCode.MEMLOCK_TOO_SMALL,
                    "locked memory is limited to " + Units.roundSize(limit) + ", the journal's buffers need "
                            + Units.roundSize(budget.lockedBytes()),
                    "run 'ulimit -l " + (budget.lockedBytes() / 1024 + 1024) + "' before the start, " + UNIT_HINT
                            + "LimitMEMLOCK=infinity");
        }
    }

    private void openFiles() {
        final long needed = FILES_OF_THE_NODE
                + FILES_PER_SESSION
                        * configuration.number(Setting.LIMITS_SESSIONS)
                        * configuration.journalPaths().size();
        if (host.openFilesLimit() != HostFacts.UNKNOWN && host.openFilesLimit() < needed) {
            refuse(
                    ErrorCode.DESCRIPTOR_LIMIT,
                    "open files are limited to " + host.openFilesLimit() + ", limits.sessions = "
                            + configuration.number(Setting.LIMITS_SESSIONS) + " needs " + needed,
                    "run 'ulimit -n " + Math.max(needed, 4096) + "' before the start, " + UNIT_HINT
                            + "LimitNOFILE=65536");
        }
    }

    private void memory() {
        final String lower = "lower journal.buffer-size or limits.sessions";
        if (host.memoryBytes() != HostFacts.UNKNOWN && host.memoryBytes() < budget.memoryBytes()) {
            refuse(
                    ErrorCode.MEMORY_TOO_SMALL,
                    "this process may use " + Units.roundSize(host.memoryBytes()) + " of memory, the settings allow "
                            + Units.roundSize(budget.memoryBytes()),
                    lower);
        } else if (host.freeMemoryBytes() != HostFacts.UNKNOWN && host.freeMemoryBytes() < budget.memoryBytes()) {
            warn(
                    ErrorCode.MEMORY_TOO_SMALL,
                    Units.roundSize(host.freeMemoryBytes()) + " of memory are free, the settings allow "
                            + Units.roundSize(budget.memoryBytes()),
                    "end other processes, or " + lower);
        }
    }

    private void sharedMemory(final long freeBytes) {
        if (freeBytes != HostFacts.UNKNOWN && freeBytes < budget.sharedBytes()) {
            refuse(
                    ErrorCode.SHARED_MEMORY_TOO_SMALL,
                    "the media driver's directory has " + Units.roundSize(freeBytes) + ", limits.sessions = "
                            + configuration.number(Setting.LIMITS_SESSIONS) + " needs "
                            + Units.roundSize(budget.sharedBytes()),
                    "run 'mount -o remount,size=1g /dev/shm', set aeron.directory, or lower limits.sessions");
        }
    }

    private void disk(final long freeBytes) {
        if (freeBytes != HostFacts.UNKNOWN && freeBytes < budget.diskBytes()) {
            refuse(
                    ErrorCode.DISK_FULL,
                    configuration.journalPath() + ": " + Units.roundSize(freeBytes) + " are free, journal.size = "
                            + Units.size(configuration.number(Setting.JOURNAL_SIZE))
                            + (configuration.journalPaths().size() == 1
                                    ? ""
                                    : ", " + configuration.journalPaths().size() + " devices"),
                    "free space, or start with --set journal.size="
                            + suggestedSize(
                                    freeBytes / configuration.journalPaths().size()));
        }
    }

    private void receiveBuffer() {
        final long window = configuration.number(Setting.TRANSPORT_WINDOW);
        if (host.receiveBufferMax() != HostFacts.UNKNOWN && host.receiveBufferMax() < window) {
            warn(
                    ErrorCode.HOST_BUFFERS,
                    "net.core.rmem_max = " + host.receiveBufferMax() + " cuts transport.window = " + Units.size(window),
                    "run 'sysctl -w net.core.rmem_max=" + Math.max(4 * window, 2L << 20) + "'");
        }
    }

    private void idlePolicy() {
        if ("spin".equals(configuration.text(Setting.IDLE_POLICY)) && host.cpus() <= FEW_CPUS) {
            warn(
                    ErrorCode.SCHEDULER_FAULT,
                    "idle.policy = spin on " + host.cpus() + " cpus starves the kernel's I/O workers",
                    "set idle.policy = \"auto\"");
        }
    }

    private static String suggestedSize(final long freeBytes) {
        return Math.max(1, (freeBytes / 2) >> 20) + "MiB";
    }

    private void warn(final ErrorCode code, final String what, final String mend) {
        findings.add(new Finding(Finding.Severity.WARN, code, what, mend));
    }

    private void refuse(final ErrorCode code, final String what, final String mend) {
        findings.add(new Finding(Finding.Severity.REFUSE, code, what, mend));
    }
}
