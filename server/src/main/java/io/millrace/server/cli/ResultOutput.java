package io.millrace.server.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Standard output that remembers why it failed, so that a reader who went away (as {@code head} does) is told apart
 * from a disk that is full.
 *
 * <p><b>Threading:</b> one thread writes.
 */
final class ResultOutput extends PrintStream {
    private final Target target;
    private final boolean terminal;

    /**
     * Creates the stream.
     *
     * @param out where to write.
     * @param terminal whether that is a terminal.
     */
    ResultOutput(final OutputStream out, final boolean terminal) {
        this(new Target(out), terminal);
    }

    private ResultOutput(final Target target, final boolean terminal) {
        super(target, false, StandardCharsets.UTF_8);
        this.target = target;
        this.terminal = terminal;
    }

    /**
     * Tells whether a person reads along.
     *
     * @return true for a terminal.
     */
    boolean isTerminal() {
        return terminal;
    }

    /**
     * Writes out what is buffered and tells why something could not be written.
     *
     * @return null when all was written, or when nobody reads any more: then silence is right.
     */
    @Nullable
    IOException failure() {
        flush();
        final IOException failure = target.failure;
        final boolean isClosedPipe = failure != null
                && String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
        return isClosedPipe ? null : failure;
    }

    /** Remembers the first failure. */
    private static final class Target extends FilterOutputStream {
        private @Nullable IOException failure;

        Target(final OutputStream out) {
            super(out);
        }

        @Override
        public void write(final int b) throws IOException {
            try {
                out.write(b);
            } catch (final IOException e) {
                throw remember(e);
            }
        }

        @Override
        public void write(final byte[] bytes, final int offset, final int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (final IOException e) {
                throw remember(e);
            }
        }

        @Override
        public void flush() throws IOException {
            try {
                out.flush();
            } catch (final IOException e) {
                throw remember(e);
            }
        }

        private IOException remember(final IOException e) {
            if (failure == null) {
                failure = e;
            }
            return e;
        }
    }
}
