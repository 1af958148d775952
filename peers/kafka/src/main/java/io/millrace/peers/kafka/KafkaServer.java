package io.millrace.peers.kafka;

import io.millrace.codec.AllowedHere;
import io.millrace.perf.process.ParentWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import kafka.Kafka;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;

/**
 * Formats the storage of a broker and runs it: broker and controller in one process.
 *
 * <p>Arguments: directory, broker's port, controller's port.
 *
 * <p><b>Threading:</b> Kafka's own.
 */
public final class KafkaServer {
    private KafkaServer() {}

    /**
     * Runs until the process is ended.
     *
     * @param arguments as above.
     * @throws IOException when the settings cannot be written.
     */
    @AllowedHere("hands Kafka's formatter the stream it prints to")
    public static void main(final String[] arguments) throws IOException {
        ParentWatch.begin();
        final Path directory = Path.of(arguments[0]);
        final Path settings = directory.resolve("server.properties");
        Files.write(settings, settings(directory.resolve("log"), arguments[1], arguments[2]));
        final int code = StorageTool.execute(
                new String[] {"format", "-t", Uuid.randomUuid().toString(), "-c", settings.toString()}, System.err);
        if (code != 0) {
            throw new IOException("the storage could not be formatted: code " + code);
        }
        Kafka.main(new String[] {settings.toString()});
    }

    private static List<String> settings(final Path log, final String brokerPort, final String controllerPort) {
        final String broker = "PLAINTEXT://127.0.0.1:" + brokerPort;
        return List.of(
                "process.roles=broker,controller",
                "node.id=1",
                "controller.quorum.voters=1@127.0.0.1:" + controllerPort,
                "listeners=" + broker + ",CONTROLLER://127.0.0.1:" + controllerPort,
                "advertised.listeners=" + broker,
                "controller.listener.names=CONTROLLER",
                "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name=PLAINTEXT",
                "log.dirs=" + log,
                "offsets.topic.replication.factor=1",
                "transaction.state.log.replication.factor=1",
                "transaction.state.log.min.isr=1");
    }
}
