package io.millrace.server.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code millrace version}: what runs here. <b>Threading:</b> one thread. */
@Command(name = "version", description = "Versions of Millrace, Java and the system.", mixinStandardHelpOptions = true)
final class VersionCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    VersionCommand(final Console console) {
        this.console = console;
    }

    /**
     * The version of this build.
     *
     * @return for example {@code 0.1.0}.
     */
    static String version() {
        final Properties properties = new Properties();
        try (InputStream in = VersionCommand.class.getResourceAsStream("/io/millrace/server/version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version", "unknown");
    }

    @Override
    public Integer call() {
        final String system = System.getProperty("os.name") + " " + System.getProperty("os.version");
        final int cpus = Runtime.getRuntime().availableProcessors();
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            new JsonWriter(text)
                    .beginObject()
                    .field("millrace", version())
                    .field("java", System.getProperty("java.version"))
                    .field("javaVendor", System.getProperty("java.vendor"))
                    .field("system", system)
                    .field("architecture", System.getProperty("os.arch"))
                    .field("cpus", cpus)
                    .end();
            console.out().println(text);
        } else {
            console.out().println("millrace " + version());
            console.out()
                    .println("java " + System.getProperty("java.version") + " (" + System.getProperty("java.vendor")
                            + ")");
            console.out().println(system + " " + System.getProperty("os.arch") + ", " + cpus + " cpus");
        }
        return 0;
    }
}
