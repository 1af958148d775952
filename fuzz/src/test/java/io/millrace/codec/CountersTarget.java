package io.millrace.codec;

import io.millrace.fuzz.Input;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersManager;

/** {@link CountersFile} over any file: of any length, or a whole one with changes. */
public final class CountersTarget {
    private static final int METADATA_LENGTH = 512;
    private static final int VALUES_LENGTH = 128;
    private static final int COUNT = 8;
    private static final Path DIRECTORY = directory();

    private CountersTarget() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(final byte[] input) throws IOException {
        final Input in = new Input(input);
        final byte[] file;
        if (in.octet() == 0) {
            file = in.rest();
        } else {
            final UnsafeBuffer buffer =
                    new UnsafeBuffer(ByteBuffer.allocateDirect(COUNT * (METADATA_LENGTH + VALUES_LENGTH)));
            final CountersManager manager = new CountersManager(
                    new UnsafeBuffer(buffer, 0, COUNT * METADATA_LENGTH),
                    new UnsafeBuffer(buffer, COUNT * METADATA_LENGTH, COUNT * VALUES_LENGTH));
            manager.setCounterValue(manager.allocate("first", 1), 7);
            manager.setCounterValue(manager.allocate("second", 2), 8);
            in.edit(buffer);
            file = new byte[buffer.capacity()];
            buffer.getBytes(0, file);
        }
        Files.write(DIRECTORY.resolve(CountersFile.FILE_NAME), file);
        try (CountersFile counters = CountersFile.open(DIRECTORY)) {
            counters.forEach((label, typeId, value) -> {
                if (label.length() > METADATA_LENGTH) {
                    throw new AssertionError("a label of " + label.length() + " bytes");
                }
            });
            counters.value("second");
        } catch (final MillraceException e) {
            if (e.code() != ErrorCode.DATA_DIRECTORY) {
                throw e;
            }
        }
    }

    private static Path directory() {
        try {
            final Path directory = Files.createTempDirectory("counters");
            directory.toFile().deleteOnExit();
            directory.resolve(CountersFile.FILE_NAME).toFile().deleteOnExit();
            return directory;
        } catch (final IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
