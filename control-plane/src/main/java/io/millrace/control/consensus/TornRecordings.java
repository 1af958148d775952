package io.millrace.control.consensus;

import io.aeron.archive.ArchiveTool;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Mends the end of a recording that the archive refuses to open: its last frame crosses a page, the page behind is
 * empty, and its checksum is wrong, so a kill or a power cut tore it. A member promises a frame only when it is durable
 * as a whole; the torn one was not, it is cut off and fetched from the leader like any that is missing.
 *
 * <p><b>Threading</b>: none; the archive does not run.
 */
final class TornRecordings {
    private static final Pattern REFUSAL =
            Pattern.compile("incomplete last fragment straddling page boundary in file: .*?(\\d+)-\\d+\\.rec");

    private TornRecordings() {}

    /**
     * Cuts the torn frame off the recording that a refusal names.
     *
     * @param directory of the archive.
     * @param refusal why the archive did not start.
     * @param warnings takes a line for what was cut off.
     * @return false when it was refused for another reason, or the recording is damaged besides.
     */
    static boolean repair(final Path directory, final Throwable refusal, final Consumer<String> warnings) {
        final long recording = recordingIn(refusal);
        if (recording < 0) {
            return false;
        }
        final ByteArrayOutputStream report = new ByteArrayOutputStream();
        final boolean isWhole;
        try (PrintStream out = new PrintStream(report, true, StandardCharsets.UTF_8)) {
            // The refusal says that the checksum was looked at and is wrong: the tool needs none to cut off that frame.
            isWhole = ArchiveTool.verifyRecording(out, directory.toFile(), recording, Set.of(), null, file -> true);
        }
        warnings.accept("the last frame of the control plane's recording " + recording + " was torn, and is cut off: "
                + report.toString(StandardCharsets.UTF_8).strip());
        return isWhole;
    }

    private static long recordingIn(final Throwable refusal) {
        for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
            final Matcher matcher = REFUSAL.matcher(String.valueOf(cause.getMessage()));
            if (matcher.find()) {
                return Long.parseLong(matcher.group(1));
            }
        }
        return -1;
    }
}
