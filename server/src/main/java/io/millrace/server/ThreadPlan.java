package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.configuration.CpuList;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import java.util.ArrayList;
import java.util.List;

/**
 * Which threads a node runs and on which CPU each.
 *
 * <pre>
 *   threading  cpus     threads                                    bound
 *   ---------  -------  -----------------------------------------  --------------------------------------------------
 *   single     any      one for everything                         to the first CPU of a list, else not
 *   dedicated  a list   one a device, 1 to 3 of the media driver   each to one of the list; what the devices leave of
 *                       (as many as the list leaves)               it decides how many the driver has
 *   dedicated  auto     one a device, 1 to 3 of the media driver   each to a CPU, the last ones first, where more than
 *                       (as many as the CPUs leave)                four are allowed and two are left for all others,
 *                                                                  without a quota
 *   dedicated  none     likewise                                   not
 * </pre>
 *
 * <p>{@code threading = auto} is single for one device on up to four CPUs, else dedicated.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param isDedicated whether the media driver and the devices have threads of their own.
 * @param devices one thread for each device, in their order.
 * @param media the driver's threads: none, one for all; two, conductor and network; three, conductor, sender, receiver.
 */
public record ThreadPlan(boolean isDedicated, List<Planned> devices, List<Planned> media) {
    /** CPU of a thread that is not bound. */
    public static final int ANY_CPU = -1;

    /** On so many CPUs, or fewer, one thread does everything and nothing is bound unless a list says so. */
    static final int FEW_CPUS = 4;

    /** Of the CPUs that nobody named, so many are left to the collector, the compiler, the kernel's workers. */
    private static final int CPUS_FOR_OTHERS = 2;

    private static final int MOST_MEDIA = 3;

    /** The kernel shows 15 characters. */
    private static final String DEVICE_NAME = "millrace-dev-";

    private static final List<List<String>> MEDIA_NAMES = List.of(
            List.of("millrace-media"),
            List.of("millrace-conduc", "millrace-net"),
            List.of("millrace-conduc", "millrace-send", "millrace-recv"));

    /**
     * One thread.
     *
     * @param name as the kernel shows it.
     * @param cpu that it is bound to, or {@link #ANY_CPU}.
     */
    public record Planned(String name, int cpu) {
        /** Tells whether it is bound. */
        public boolean isBound() {
            return cpu != ANY_CPU;
        }
    }

    /**
     * Plans.
     *
     * @param configuration of the node.
     * @param allowed CPUs that this process may use, ascending.
     * @param cores how many of them it may use at a time: fewer under a quota.
     * @return the plan.
     * @throws MillraceException MR-5020 when a CPU of the list may not be used, MR-7005 when the list is too short or
     *     one thread is to run several devices.
     */
    static ThreadPlan of(final NodeConfiguration configuration, final List<Integer> allowed, final int cores) {
        final int deviceCount = configuration.journalPaths().size();
        final String threading = configuration.text(Setting.THREADING);
        final boolean isDedicated =
                "dedicated".equals(threading) || ("auto".equals(threading) && (deviceCount > 1 || cores > FEW_CPUS));
        if (!isDedicated && deviceCount > 1) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_CONFLICT,
                    "threading = single (" + configuration.origin(Setting.THREADING) + "), but journal.paths names "
                            + deviceCount + " devices: each needs a thread of its own. Set threading = dedicated, or"
                            + " leave it out");
        }
        final String cpus = configuration.text(Setting.CPUS);
        final List<Integer> list =
                CpuList.AUTO.equals(cpus) || CpuList.NONE.equals(cpus) ? List.of() : CpuList.parse(cpus);
        for (final int cpu : list) {
            if (!allowed.contains(cpu)) {
                throw new MillraceException(
                        ErrorCode.CPU_AFFINITY,
                        "cpus = " + cpus + " (" + configuration.origin(Setting.CPUS) + ") names CPU " + cpu
                                + ", which this process may not use or which does not exist; allowed are "
                                + CpuList.text(allowed) + ". " + ErrorCode.CPU_AFFINITY.remedy());
            }
        }
        if (!isDedicated) {
            return new ThreadPlan(false, devices(1, list), List.of());
        }
        if (!list.isEmpty() && list.size() <= deviceCount) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_CONFLICT,
                    "cpus = " + cpus + " (" + configuration.origin(Setting.CPUS) + ") names " + list.size() + " CPUs, "
                            + deviceCount + (deviceCount == 1 ? " device" : " devices")
                            + " and the media driver need " + (deviceCount + 1)
                            + " at least. Name more, or set cpus = \"none\"");
        }
        return list.isEmpty()
                ? unlisted(deviceCount, allowed, cores, CpuList.AUTO.equals(cpus))
                : placed(deviceCount, list, list.size() - deviceCount);
    }

    private static ThreadPlan unlisted(
            final int deviceCount, final List<Integer> allowed, final int cores, final boolean mayBind) {
        final int spare = cores - CPUS_FOR_OTHERS - deviceCount;
        if (!mayBind || cores <= FEW_CPUS || cores < allowed.size() || spare < 1) {
            return placed(deviceCount, List.of(), spare);
        }
        final List<Integer> last = new ArrayList<>();
        for (int i = allowed.size() - 1; i >= CPUS_FOR_OTHERS; i--) {
            last.add(allowed.get(i));
        }
        return placed(deviceCount, last, spare);
    }

    private static ThreadPlan placed(final int deviceCount, final List<Integer> cpus, final int spare) {
        final List<Planned> media = new ArrayList<>();
        final List<String> names = MEDIA_NAMES.get(Math.max(1, Math.min(MOST_MEDIA, spare)) - 1);
        for (int i = 0; i < names.size(); i++) {
            media.add(new Planned(names.get(i), cpu(cpus, deviceCount + i)));
        }
        return new ThreadPlan(true, devices(deviceCount, cpus), List.copyOf(media));
    }

    private static List<Planned> devices(final int count, final List<Integer> cpus) {
        final List<Planned> devices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            devices.add(new Planned(DEVICE_NAME + i, cpu(cpus, i)));
        }
        return List.copyOf(devices);
    }

    private static int cpu(final List<Integer> cpus, final int index) {
        return index < cpus.size() ? cpus.get(index) : ANY_CPU;
    }

    /** Returns all threads, the devices' first. */
    public List<Planned> threads() {
        final List<Planned> all = new ArrayList<>(devices);
        all.addAll(media);
        return all;
    }

    /** Returns the setting in force. */
    public String threading() {
        return isDedicated ? "dedicated" : "single";
    }

    /** Says which thread is where, for people. */
    public String text() {
        final StringBuilder out = new StringBuilder("threading ").append(threading());
        String separator = ": ";
        for (final Planned thread : threads()) {
            out.append(separator)
                    .append(thread.name())
                    .append(thread.isBound() ? " on CPU " + thread.cpu() : " on any CPU");
            separator = ", ";
        }
        return out.toString();
    }
}
