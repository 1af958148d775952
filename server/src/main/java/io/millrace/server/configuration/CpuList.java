package io.millrace.server.configuration;

import java.util.ArrayList;
import java.util.List;

/**
 * Numbers of CPUs as the kernel writes them: {@code 2-5,8}. The order counts: the first thread takes the first one.
 *
 * <p><b>Threading:</b> pure.
 */
public final class CpuList {
    /** Leave it to the program. */
    public static final String AUTO = "auto";

    /** Bind no thread. */
    public static final String NONE = "none";

    /** What a kernel can count. */
    private static final int MAX_CPU = 8191;

    private CpuList() {}

    /**
     * Reads a list.
     *
     * @param text for example {@code 2-5,8}.
     * @return the numbers in their order, at least one, each once.
     * @throws IllegalArgumentException with the reason, for a message.
     */
    public static List<Integer> parse(final String text) {
        final List<Integer> cpus = new ArrayList<>();
        for (final String part : text.split(",", -1)) {
            final String range = part.strip();
            final int dash = range.indexOf('-');
            final int first = number(dash < 0 ? range : range.substring(0, dash), text);
            final int last = dash < 0 ? first : number(range.substring(dash + 1), text);
            if (last < first) {
                throw new IllegalArgumentException("range " + range + " in \"" + text + "\" runs backwards");
            }
            for (int cpu = first; cpu <= last; cpu++) {
                if (cpus.contains(cpu)) {
                    throw new IllegalArgumentException("CPU " + cpu + " stands twice in \"" + text + '"');
                }
                cpus.add(cpu);
            }
        }
        return List.copyOf(cpus);
    }

    private static int number(final String digits, final String text) {
        final String plain = digits.strip();
        if (!plain.matches("[0-9]{1,4}") || Integer.parseInt(plain) > MAX_CPU) {
            throw new IllegalArgumentException("expected CPUs such as 2-5,8, or auto, or none, found \"" + text + '"');
        }
        return Integer.parseInt(plain);
    }

    /**
     * Writes a list.
     *
     * @param cpus ascending or not.
     * @return for example {@code 2-5,8}.
     */
    public static String text(final List<Integer> cpus) {
        final StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < cpus.size()) {
            int end = i;
            while (end + 1 < cpus.size() && cpus.get(end + 1) == cpus.get(end) + 1) {
                end++;
            }
            out.append(out.length() == 0 ? "" : ",").append(cpus.get(i));
            if (end > i) {
                out.append('-').append(cpus.get(end));
            }
            i = end + 1;
        }
        return out.toString();
    }
}
