package io.millrace.perf.flame;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/**
 * Reads the processor samples of one JFR recording into a tree.
 *
 * <p>From Java 25 on they are {@code jdk.CPUTimeSample}: one per interval of processor time of each thread, native code
 * and the kernel included. Before, they are {@code jdk.ExecutionSample}, which sees only threads in Java code.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class FlameSamples {
    /** Sampled by processor time, from Java 25 on. */
    static final String PROCESSOR_EVENT = "jdk.CPUTimeSample";

    /** Sampled by wall time, Java code only. */
    static final String EXECUTION_EVENT = "jdk.ExecutionSample";

    /** Samples whose stack could not be walked. */
    static final String NO_STACK = "[no stack]";

    /** Stands for the callers beyond the recording's depth. */
    static final String CUT = "[cut]";

    private static final Pattern HIDDEN_CLASS = Pattern.compile("\\$\\$(Lambda|InjectedInvoker|FastClass)[$/.\\w+]*");

    private FlameSamples() {}

    /**
     * Reads the samples of a stretch of time.
     *
     * @param recording file.
     * @param sampleEvent {@link #PROCESSOR_EVENT} or {@link #EXECUTION_EVENT}.
     * @param role of the process: the outermost frame is "role: thread".
     * @param from first moment that counts.
     * @param until last moment that counts.
     * @param tree to add to.
     * @throws IOException when the file cannot be read.
     */
    static void read(
            final Path recording,
            final String sampleEvent,
            final String role,
            final Instant from,
            final Instant until,
            final FlameTree tree)
            throws IOException {
        try (RecordingFile file = new RecordingFile(recording)) {
            while (file.hasMoreEvents()) {
                final RecordedEvent event = file.readEvent();
                final Instant at = event.getStartTime();
                if (event.getEventType().getName().equals(sampleEvent) && !at.isBefore(from) && !at.isAfter(until)) {
                    tree.add(stackOf(event, role), 1);
                }
            }
        }
    }

    private static List<String> stackOf(final RecordedEvent event, final String role) {
        final List<String> stack = new ArrayList<>();
        final RecordedThread thread =
                event.hasField("eventThread") ? event.getThread("eventThread") : event.getThread("sampledThread");
        final String name = thread == null ? null : thread.getJavaName();
        stack.add(role + ": " + (name == null ? "?" : name));
        final RecordedStackTrace trace = event.getStackTrace();
        if (trace == null || trace.getFrames().isEmpty()) {
            stack.add(NO_STACK);
            return stack;
        }
        if (trace.isTruncated()) {
            stack.add(CUT);
        }
        final List<RecordedFrame> frames = trace.getFrames();
        for (int i = frames.size() - 1; i >= 0; i--) {
            stack.add(name(frames.get(i).getMethod()));
        }
        return stack;
    }

    private static String name(final RecordedMethod method) {
        return name(method.getType().getName(), method.getName());
    }

    /**
     * Names a frame; classes that are made while running lose their numbers, which differ from run to run.
     *
     * @param className fully qualified.
     * @param method of it.
     * @return class and method.
     */
    static String name(final String className, final String method) {
        return HIDDEN_CLASS.matcher(className).replaceAll("\\$\\$$1") + "." + method;
    }
}
