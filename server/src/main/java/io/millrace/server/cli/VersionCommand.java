package io.millrace.server.cli;

import io.millrace.server.NodeVersion;
import io.millrace.server.json.JsonWriter;
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

    @Override
    public Integer call() {
        final String system = System.getProperty("os.name") + " " + System.getProperty("os.version");
        final int cpus = Runtime.getRuntime().availableProcessors();
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            new JsonWriter(text)
                    .beginObject()
                    .field("millrace", NodeVersion.get())
                    .field("java", System.getProperty("java.version"))
                    .field("javaVendor", System.getProperty("java.vendor"))
                    .field("system", system)
                    .field("architecture", System.getProperty("os.arch"))
                    .field("cpus", cpus)
                    .end();
            console.out().println(text);
        } else {
            console.out().println("millrace " + NodeVersion.get());
            console.out()
                    .println("java " + System.getProperty("java.version") + " (" + System.getProperty("java.vendor")
                            + ")");
            console.out().println(system + " " + System.getProperty("os.arch") + ", " + cpus + " cpus");
        }
        return 0;
    }
}
